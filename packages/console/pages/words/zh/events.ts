import type { ActionWords, EventWords, RuleWords } from '../en/events.ts'

export const events: EventWords = {
  'session.started': '登录',
  'session.refreshed': '会话续期',
  'session.ended': '会话结束',
  'session.bound': '会话绑定到浏览器',
  'refresh.reused': '旧刷新令牌再次出现：已被盗用',
  'refresh.mismatched': '来自另一台设备的刷新',
  'refresh.contested': '刷新的应答丢失或被盗',
  'device.changed': '设备发生变化',
  'token.issued': '访问令牌交给页面',
  'token.accepted': '使用访问令牌',
  'token.refused': '令牌被拒绝',
  'token.revoked': '访问令牌被吊销',
  'request.refused': '请求被拒绝',
  'login.failed': '登录失败',
  'account.locked': '账户被锁定',
  'stepup.granted': '身份已确认',
  'password.changed': '密码已修改',
  'apikey.created': '创建 API 密钥',
  'apikey.revoked': '吊销 API 密钥',
  'key.rotated': '创建签名密钥',
  'key.compromised': '停用签名密钥',
  'policy.permitted': '策略允许',
  'policy.denied': '策略拒绝',
  'decision.degraded': '未经存储判定',
  'delivery.failed': '未能通知其他服务',
  'store.rollback': '存储丢失了写入',
  'alert.raised': '警报',
}

export const actions: ActionWords = {
  'operator:revoke_user': '管理员退出用户',
  'operator:end_session': '管理员结束会话',
  'operator:rotate_key': '管理员创建签名密钥',
  'operator:compromise_key': '管理员停用密钥',
}

export const rules: RuleWords = {
  failed_sign_ins: '同一网络多次登录失败',
  account_locked: '账户被锁定',
  refresh_rate: '会话续期过于频繁',
  user_refresh_rate: '用户的会话续期过于频繁',
  token_networks: '令牌在多个网络中使用',
  shared_device: '同一设备上有过多用户',
  new_device: '从新设备登录',
  long_silence: '长期未用后登录',
  contested_refresh: '刷新存在争议',
  token_theft: '被盗令牌遭到使用',
  refused_tokens: '伪造的访问令牌',
  impossible_travel: '不可能的地理移动',
}

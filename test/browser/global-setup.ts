import { findChromium } from '../../scripts/chromium.mjs'
import { findNginx } from '../../scripts/nginx.mjs'

/** No test is skipped for want of a part: what is missing is fetched, or the run ends here and says what to install. */
export default async function setup(): Promise<void> {
  await findChromium((line) => console.log(line))
  await findNginx((line) => console.log(line))
}

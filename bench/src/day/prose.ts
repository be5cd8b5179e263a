/** The sentences of the page that no figure changes. */

export const COUNTED: readonly string[] = [
  'Each attack is played several times, at another hour each time, with addresses and victims of its own. The milliseconds are real ones, of a machine that plays all days of this page at once. They count from the moment at which the request that made the attack findable was sent until the alert, or the event of the answer, arrived at the parent of the processes. "Attempts" are the attacker’s requests up to and with that one.',
  'The operator is told of all alerts, by `onAlert`. `impossible_travel` and `token_networks` also end the session (`revoke`), the rotation ends stolen sessions by itself, and the lockout with its defaults locks accounts after 5 failures and refuses networks after 100. All thresholds are the defaults.',
]

export const ALARMS: readonly string[] = [
  'False alarms are sessions with at least one alert of the severity `warning` or `critical`. At most one in a thousand may have one, where clients send keys. Without keys, nobody can tell whether an answer that is asked for again from another network was lost or stolen, so each one is contested, and an alarm: [send keys](guide/rotation.md).',
  'Sessions with a `notice` are counted by themselves. Those of `new_device` and `long_silence` are messages to the user, and right. That of `shared_device` is raised by each office whose people have one browser: there it finds the attacker, and does not tell him from an office. "Ended" are sessions that an alarm ended, and "refused" are sign-ins that the lockout did not let through.',
  'Nearly every VPN exit far away raises `impossible_travel`. Where more than one person in a thousand uses one, let `locate` give nothing for networks of VPNs: the rule then finds nobody who comes through one, honest or not. By rule, the sessions with at least one alert:',
]

export const SETTING: readonly string[] = [
  'People live in families of one to four behind one address, in eight cities. Half of them work in an office of at most 500, 200, 100 or 50 people behind one address, where everybody has the same browser; they sign in between half past seven and ten. A phone shares its address on the way with up to 300 others. A person has one to four devices, and each device is one session of the day: of the office, a phone (85 %), a computer at home (40 %), a tablet (10 %).',
  'Of the sessions, 85 % sign in on the day, and all of these have been signed in to before, 1 to 61 days ago, but for 2 % that are new devices. The others go on with a session of Friday: the day is a Monday. Of 1,000 people, five were last here 91 to 300 days ago. Seven sign-ins in a hundred fail at first, since the password is mistyped; a fifth of these fail again, and a fifth of those a third time, each within 15 seconds.',
  'Visits, lost answers, racing tabs and closed pages are those of [the month](month.md): half an hour on average, a refresh every 15 minutes, one refresh in ten by two tabs within two seconds, one answer in a hundred lost and asked for again, in one case of five hours later from another network. After each refresh the API is called, and in half of the cases once more before the next one. Then three phones in twenty have changed from Wi-Fi to mobile or back. Apps on phones and tablets send an `Idempotency-Key`; browsers of computers do so as well, or do not, as the row says.',
  'Of 1,000 people, five take a plane, at 850 km/h and with two and a half hours at airports, and go on at a hotel. Three switch on a VPN on one device after the first visit: two of these take the exit that is proposed, in their own city, and one takes an exit in another city, mostly more than 1,000 km away. The data base of places has no error, and does not know VPNs. Traits that few people have are given to exactly so many, and not drawn.',
  'Before each answer is given back, its node waits until its rules have judged the request, so that the simulated day does not run ahead of the rules. The first use of each access token on each node, and from each further address, is an event (`audit.verifications` is `first`). Between two heartbeats of the store, 800 real milliseconds, lie minutes of the day, so the nodes mostly ask the store about an access token, instead of judging it from their copy of the revocations. Where a script pauses for a minute or longer, 20 real milliseconds pass, since a node may take five until it tells the store that a token was seen in use.',
]

export const NOT_SIMULATED: readonly string[] = [
  'IPv6, where a phone that changes networks may have four addresses instead of two; carriers that give each request another address; roaming, where a phone abroad has an address at home while the hotel’s Wi-Fi does not; proxies that a whole country shares; data bases of places that are wrong. Each of these raises `token_networks` or `impossible_travel` for honest people. Requests come one after the other: how the rules keep up with a flood is not the matter here.',
]

export const MISSED: readonly string[] = [
  '- Whoever holds many passwords and signs in as people of one office do: `shared_device` is raised by both.',
  '- Stuffing and guessing from so many addresses that none of them has more than five failures in five minutes, and no account more than four.',
  '- A customer with a whole /48 of IPv6 has 65,536 networks of /64 to fail from.',
  '- A password that is known, used from the city and with the kind of browser of its owner.',
  '- A stolen access token that is used from the network of its owner, or from one other network that is near; and the same with a stolen cookie for as long as the victim does not come back.',
  '- A thief within the grace who comes once an hour. See [the month](month.md) for thieves who are patient.',
  '- A device that signs in to fewer than ten accounts an hour, or changes its address or its User-Agent in between.',
  '- Anybody who comes through an exit in the city of the victim.',
]

export const AGAIN =
  'Everybody draws from dice of their own, so people have the same habits on each day. Which alerts are raised is the same each time; the milliseconds are not.'

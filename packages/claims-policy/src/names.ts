import type { LeakKind } from './leak.ts'

/** The words at the end of a name that indicate the kind of its value, written without separators. */
// biome-ignore format: a kind and its words stay on one line, so that a change of one is a change of one line
const endings: Readonly<Record<LeakKind | 'harmless', string>> = {
  email: 'email emailid emailaddress emailaddresses mail mailaddress upn userprincipalname',
  phone: 'phone phonenumber phoneno telephone telephonenumber tel mobile mobilenumber mobileno mobilephone cellphone cellnumber fax faxnumber msisdn landline whatsapp whatsappnumber handynummer telefon telefonnummer telefono telefoon rufnummer',
  national_id: 'ssn nin nino socialsecurity socialsecuritynumber socialinsurancenumber nationalinsurance nationalinsurancenumber nationalid nationalidnumber nationalidentity nationalidentitynumber identitynumber identitycard identitycardnumber idcard idcardnumber residentid personalid personalidnumber personalnumber personalidentitynumber personalidentificationnumber taxid taxidnumber taxnumber taxpayerid itin steuerid steueridnr steuernummer idnr nir numerosecu insee dni nie nif codicefiscale fiscalcode bsn burgerservicenummer pesel personnummer fodselsnummer cpr cprnumber cprnummer hetu henkilotunnus cpf aadhaar aadhar aadhaarnumber curp passport passportnumber passportno driverlicense driverslicense driverlicensenumber driverslicensenumber drivinglicence drivinglicencenumber drivinglicense nhsnumber medicarenumber',
  card_number: 'cardnumber cardno creditcard creditcardnumber debitcard debitcardnumber ccnumber cardpan',
  iban: 'iban ibannumber bankaccount bankaccountnumber',
  secret: 'password passwd pwd passphrase passcode passwort motdepasse contrasena passwordhash hashedpassword passwordsalt passworddigest secret secretvalue clientsecret secretkey secretaccesskey apikey apitoken accesskey privatekey signingkey encryptionkey masterkey sharedkey sessionkey sshkey licensekey accountkey serviceaccountkey token bearer credential cookie authorization otp otpcode totp otpseed mfacode onetimecode onetimepassword verificationcode authcode authorizationcode recoverycode backupcode securityanswer pin pincode cvv cvc securitycode mnemonic seedphrase recoveryphrase',
  connection_string: 'connectionstring dsn databaseurl dburl redisurl mongourl mongouri databaseuri dburi jdbcurl',
  personal_name: 'firstname lastname fullname middlename givenname familyname forename surname nickname nick maidenname birthname legalname realname displayname preferredname username preferredusername screenname fname lname initials patronymic customername contactname employeename ownername holdername cardholdername accountholder accountholdername patientname personname personalname studentname membername guestname beneficiaryname recipientname sendername guardianname spousename parentname childname mothername fathername mothersmaidenname managername authorname vorname nachname familienname prenom nombre apellido cognome voornaam achternaam fornavn etternavn fornamn efternamn etunimi sukunimi imie nazwisko sobrenome',
  postal_address: 'address addresses addressline street streetaddress streetname housenumber postalcode postcode zip zipcode plz postleitzahl adresse anschrift strasse direccion indirizzo adres',
  birth_date: 'birthdate birthday birthdays dateofbirth dob bday birthyear yearofbirth birthmonth geburtsdatum geburtstag datedenaissance fechadenacimiento',
  gender: 'gender sex geschlecht pronoun',
  harmless: 'ipaddress ipv4address ipv6address macaddress remoteaddress serveraddress hostaddress bindaddress listenaddress networkaddress webaddress walletaddress contractaddress',
}
const kinds: ReadonlyMap<string, LeakKind | 'harmless'> = new Map(
  Object.entries(endings).flatMap(([kind, list]) =>
    list.split(' ').map((ending) => [ending, kind as LeakKind | 'harmless']),
  ),
)
const MAX_NAME_CHARS = 64
const MAX_ENDING_WORDS = 5
/**
 * Minimum length for matching inside a fused word. `firstname` is found in `customerfirstname`, but a shorter ending
 * would be found in unrelated words.
 */
const MIN_FUSED_CHARS = 8
const fused = [...kinds.keys()].filter((ending) => ending.length >= MIN_FUSED_CHARS)

/** Words for what has a name but is not a person. */
const namedThings: ReadonlySet<string> = new Set(
  'app application brand bucket campaign category channel city class client cluster company country course currency department device division edition entitlement environment event feature file flag folder group host image integration issuer job language league license locale location market module namespace org organisation organization package permission plan platform policy product project provider queue realm region repo repository resource role scope school segment server service shop site space stage status store subscription system tag team template tenant theme tier topic unit vendor version workspace zone browser os membership'.split(
    ' ',
  ),
)

/** Words between a thing and `name`, such as `legal` in `companyLegalName`. */
const nameQualifiers: ReadonlySet<string> = new Set(['display', 'full', 'legal', 'short'])

/** Words that describe a value and do not hold it, such as `verified` in `phone_number_verified`. */
const descriptiveWords: ReadonlySet<string> = new Set(
  'verified type kind id count country at enabled required status primary default use alg kty version'.split(
    ' ',
  ),
)

/**
 * The kind of leak that the names on a path indicate. Items of an array and members of an object inherit the kind of
 * the name above them, unless their own name indicates another.
 */
export function kindOfPath(path: readonly string[]): LeakKind | undefined {
  let kind: LeakKind | undefined
  let container: readonly string[] = []
  for (const words of path.filter((name) => !/^\d+$/.test(name)).map(wordsOf)) {
    const named = isNameOfThing(words, container) ? 'harmless' : kindOfWords(words)
    if (named === 'harmless' || (named === undefined && descriptiveWords.has(words.at(-1) ?? '')))
      kind = undefined
    else kind = named ?? kind
    container = words
  }
  return kind
}

function isNameOfThing(words: readonly string[], container: readonly string[]): boolean {
  if (singular(words.at(-1) ?? '') !== 'name') return false
  const subject = words.slice(0, -1).filter((word) => !nameQualifiers.has(word))
  return namedThings.has(singular(subject.at(-1) ?? container.at(-1) ?? ''))
}

function kindOfWords(words: readonly string[]): LeakKind | 'harmless' | undefined {
  const last = singular(words.at(-1) ?? '')
  if (words.length === 1 && last === 'name') return 'personal_name'
  for (let at = Math.max(0, words.length - MAX_ENDING_WORDS); at < words.length; at++) {
    const kind = kinds.get(words.slice(at).join('')) ?? kinds.get([...words.slice(at, -1), last].join(''))
    if (kind !== undefined) return kind
  }
  const joined = words.join('')
  const ending = fused.find((candidate) => joined.endsWith(candidate))
  return ending === undefined ? undefined : kinds.get(ending)
}

/**
 * The lower-case words of a name in camel case, snake case or any other style. Of a name in a namespace, only the last
 * part counts. Accents and a number at the end are dropped.
 */
function wordsOf(name: string): readonly string[] {
  // NFKD splits a word at each accent. The callers join the parts again.
  const spelled = name.slice(-MAX_NAME_CHARS).normalize('NFKD')
  const lastPart = spelled.split(/[/:#|.]/).findLast((part) => part !== '') ?? ''
  const words = lastPart
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .replaceAll('ß', 'ss')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]/u)
    .filter((word) => word !== '')
  const end = words.findLastIndex((word) => !/^\d+$/.test(word))
  return words.slice(0, end + 1).map((word, at) => (at === end ? word.replace(/\d{1,4}$/, '') : word))
}

function singular(word: string): string {
  return word.endsWith('s') ? word.slice(0, -1) : word
}

/** Whether the last word of a name is a plural. */
export function isPlural(name: string): boolean {
  return (wordsOf(name).at(-1) ?? '').endsWith('s')
}

/**
 * Countries in which every clock shows the same time, ISO 3166-1 alpha-2 to IANA zone. From tzdb's
 * zone.tab 2025b: a country is here if all its zones keep one offset all year. CN and UA are here
 * with the one zone their law knows, although tzdb lists others.
 */
const ONE_ZONE = `
  AD Europe/Andorra, AE Asia/Dubai, AF Asia/Kabul, AG America/Antigua, AI America/Anguilla,
  AL Europe/Tirane, AM Asia/Yerevan, AO Africa/Luanda, AR America/Argentina/Buenos_Aires,
  AS Pacific/Pago_Pago, AT Europe/Vienna, AW America/Aruba, AX Europe/Mariehamn,
  AZ Asia/Baku, BA Europe/Sarajevo, BB America/Barbados, BD Asia/Dhaka, BE Europe/Brussels,
  BF Africa/Ouagadougou, BG Europe/Sofia, BH Asia/Bahrain, BI Africa/Bujumbura,
  BJ Africa/Porto-Novo, BL America/St_Barthelemy, BM Atlantic/Bermuda, BN Asia/Brunei,
  BO America/La_Paz, BQ America/Kralendijk, BS America/Nassau, BT Asia/Thimphu,
  BW Africa/Gaborone, BY Europe/Minsk, BZ America/Belize, CC Indian/Cocos, CF Africa/Bangui,
  CG Africa/Brazzaville, CH Europe/Zurich, CI Africa/Abidjan, CK Pacific/Rarotonga,
  CM Africa/Douala, CN Asia/Shanghai, CO America/Bogota, CR America/Costa_Rica,
  CU America/Havana, CV Atlantic/Cape_Verde, CW America/Curacao, CX Indian/Christmas,
  CY Asia/Nicosia, CZ Europe/Prague, DE Europe/Berlin, DJ Africa/Djibouti,
  DK Europe/Copenhagen, DM America/Dominica, DO America/Santo_Domingo, DZ Africa/Algiers,
  EE Europe/Tallinn, EG Africa/Cairo, EH Africa/El_Aaiun, ER Africa/Asmara,
  ET Africa/Addis_Ababa, FI Europe/Helsinki, FJ Pacific/Fiji, FK Atlantic/Stanley,
  FO Atlantic/Faroe, FR Europe/Paris, GA Africa/Libreville, GB Europe/London,
  GD America/Grenada, GE Asia/Tbilisi, GF America/Cayenne, GG Europe/Guernsey,
  GH Africa/Accra, GI Europe/Gibraltar, GM Africa/Banjul, GN Africa/Conakry,
  GP America/Guadeloupe, GQ Africa/Malabo, GR Europe/Athens, GS Atlantic/South_Georgia,
  GT America/Guatemala, GU Pacific/Guam, GW Africa/Bissau, GY America/Guyana,
  HK Asia/Hong_Kong, HN America/Tegucigalpa, HR Europe/Zagreb, HT America/Port-au-Prince,
  HU Europe/Budapest, IE Europe/Dublin, IL Asia/Jerusalem, IM Europe/Isle_of_Man,
  IN Asia/Kolkata, IO Indian/Chagos, IQ Asia/Baghdad, IR Asia/Tehran, IS Atlantic/Reykjavik,
  IT Europe/Rome, JE Europe/Jersey, JM America/Jamaica, JO Asia/Amman, JP Asia/Tokyo,
  KE Africa/Nairobi, KG Asia/Bishkek, KH Asia/Phnom_Penh, KM Indian/Comoro,
  KN America/St_Kitts, KP Asia/Pyongyang, KR Asia/Seoul, KW Asia/Kuwait, KY America/Cayman,
  KZ Asia/Almaty, LA Asia/Vientiane, LB Asia/Beirut, LC America/St_Lucia, LI Europe/Vaduz,
  LK Asia/Colombo, LR Africa/Monrovia, LS Africa/Maseru, LT Europe/Vilnius,
  LU Europe/Luxembourg, LV Europe/Riga, LY Africa/Tripoli, MA Africa/Casablanca,
  MC Europe/Monaco, MD Europe/Chisinau, ME Europe/Podgorica, MF America/Marigot,
  MG Indian/Antananarivo, MH Pacific/Majuro, MK Europe/Skopje, ML Africa/Bamako,
  MM Asia/Yangon, MO Asia/Macau, MP Pacific/Saipan, MQ America/Martinique,
  MR Africa/Nouakchott, MS America/Montserrat, MT Europe/Malta, MU Indian/Mauritius,
  MV Indian/Maldives, MW Africa/Blantyre, MY Asia/Kuala_Lumpur, MZ Africa/Maputo,
  NA Africa/Windhoek, NC Pacific/Noumea, NE Africa/Niamey, NF Pacific/Norfolk,
  NG Africa/Lagos, NI America/Managua, NL Europe/Amsterdam, NO Europe/Oslo,
  NP Asia/Kathmandu, NR Pacific/Nauru, NU Pacific/Niue, OM Asia/Muscat, PA America/Panama,
  PE America/Lima, PH Asia/Manila, PK Asia/Karachi, PL Europe/Warsaw, PM America/Miquelon,
  PN Pacific/Pitcairn, PR America/Puerto_Rico, PS Asia/Gaza, PW Pacific/Palau,
  PY America/Asuncion, QA Asia/Qatar, RE Indian/Reunion, RO Europe/Bucharest,
  RS Europe/Belgrade, RW Africa/Kigali, SA Asia/Riyadh, SB Pacific/Guadalcanal,
  SC Indian/Mahe, SD Africa/Khartoum, SE Europe/Stockholm, SG Asia/Singapore,
  SH Atlantic/St_Helena, SI Europe/Ljubljana, SJ Arctic/Longyearbyen, SK Europe/Bratislava,
  SL Africa/Freetown, SM Europe/San_Marino, SN Africa/Dakar, SO Africa/Mogadishu,
  SR America/Paramaribo, SS Africa/Juba, ST Africa/Sao_Tome, SV America/El_Salvador,
  SX America/Lower_Princes, SY Asia/Damascus, SZ Africa/Mbabane, TC America/Grand_Turk,
  TD Africa/Ndjamena, TF Indian/Kerguelen, TG Africa/Lome, TH Asia/Bangkok,
  TJ Asia/Dushanbe, TK Pacific/Fakaofo, TL Asia/Dili, TM Asia/Ashgabat, TN Africa/Tunis,
  TO Pacific/Tongatapu, TR Europe/Istanbul, TT America/Port_of_Spain, TV Pacific/Funafuti,
  TW Asia/Taipei, TZ Africa/Dar_es_Salaam, UA Europe/Kyiv, UG Africa/Kampala,
  UY America/Montevideo, UZ Asia/Samarkand, VA Europe/Vatican, VC America/St_Vincent,
  VE America/Caracas, VG America/Tortola, VI America/St_Thomas, VN Asia/Ho_Chi_Minh,
  VU Pacific/Efate, WF Pacific/Wallis, WS Pacific/Apia, YE Asia/Aden, YT Indian/Mayotte,
  ZA Africa/Johannesburg, ZM Africa/Lusaka, ZW Africa/Harare`;

/**
 * Countries with several: the zone most people live by or, where many live far from it, one in the
 * middle, so that 08:00 is never 05:00 for a large part of them (US: from 06:00 in Los Angeles to
 * 09:00 in New York). Wrong by an hour or two beats the middle of the night, which UTC is there.
 */
const MANY_ZONES = `
  AU Australia/Sydney, BR America/Sao_Paulo, CA America/Winnipeg, CD Africa/Kinshasa,
  CL America/Santiago, EC America/Guayaquil, ES Europe/Madrid,
  ID Asia/Jakarta, KI Pacific/Tarawa, MN Asia/Ulaanbaatar,
  MX America/Mexico_City, NZ Pacific/Auckland, PF Pacific/Tahiti, PG Pacific/Port_Moresby,
  PT Europe/Lisbon, RU Europe/Moscow, US America/Chicago`;

function tableOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(',').map((entry): [string, string] => {
      const [country = '', zone = ''] = entry.trim().split(' ');
      return [country, zone];
    }),
  );
}

const oneZone = tableOf(ONE_ZONE);
const manyZones = tableOf(MANY_ZONES);

/** A zone that people of the country live by, or null. Refuses lower case: ISO codes are upper case. */
export function zoneOfCountry(country: string): string | null {
  return oneZone.get(country) ?? manyZones.get(country) ?? null;
}

/** Every country of the tables, for their test. */
export const singleZoneCountries: readonly string[] = [...oneZone.keys()];
export const manyZonesCountries: readonly string[] = [...manyZones.keys()];

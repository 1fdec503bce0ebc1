// The words of an address that a person typed and no map knows, as far as they can be told apart.

export interface AddressParts { street?: string; house_number?: string; postcode?: string; city?: string; country?: string }

/** "Landstrasse 12b, 9490 Vaduz" in its parts; what cannot be told apart stays in the street. */
export function partsOf(text: string): AddressParts {
  const words = text.replace(/\s+/g, ' ').trim();
  if (!words) return {};
  const comma = words.lastIndexOf(',');
  const line = (comma < 0 ? words : words.slice(0, comma)).trim(), town = comma < 0 ? '' : words.slice(comma + 1).trim();
  const parts: AddressParts = {};
  const house = /^(.+?)\s+(\d+\s?[a-z]?(?:\s?[-/]\s?\d+\s?[a-z]?)?)$/i.exec(line);
  if (house) { parts.street = house[1]!.replace(/,$/, ''); parts.house_number = house[2]!; } else if (line) parts.street = line;
  const place = /^([a-z]{0,2}-?\d[\d -]{2,8})\s+(.+)$/i.exec(town);
  if (place) { parts.postcode = place[1]!; parts.city = place[2]!; } else if (town) parts.city = town;
  return parts;
}

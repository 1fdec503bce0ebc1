// English texts of maps and places. de.map.ts has the same keys.
export const enMap = {
  'candidates.title': 'Which one is it?', 'candidates.tie': 'fits as well', 'candidates.later': 'Take A, decide later',
  'candidates.needed': 'The address leaves open where it is. Choose the place, or drag the pin.', 'candidates.taken': 'You chose {letter}. Drag the pin if the entrance is elsewhere.',
  'foundAs.house': 'this house', 'foundAs.interpolated': 'between known houses', 'foundAs.nearest': 'nearest known number', 'foundAs.street': 'the street, without a number', 'foundAs.place': 'the town', 'foundAs.postcode': 'the postcode area',
  'map.invented': 'An invented town',
  'site.undecided': 'Place to be decided', 'site.decide': 'Choose the place', 'site.decideOf': 'Choose the place of {name}', 'site.unsureNote': { one: 'The address search was not sure. It knows one place.', other: 'The address search was not sure. It knows {n} places.' },
  'site.kept': 'The address is new, and the pin stayed where a person had set it.', 'site.keptMove': 'Move it to one of these, or leave it.', 'site.keptNone': 'The map knows no such address; drag the pin if it is wrong.', 'site.keepPin': 'Leave the pin',
} as const;

// Deutsche Texte zu Karten und Orten. Dieselben Schlüssel wie in en.map.ts.
import type { enMap } from './en.map';

type Same = { [K in keyof typeof enMap]: (typeof enMap)[K] extends string ? string : { one: string; other: string } };

export const deMap: Same = {
  'candidates.title': 'Welcher ist es?', 'candidates.tie': 'passt ebenso', 'candidates.later': 'A nehmen, später entscheiden',
  'candidates.needed': 'Die Adresse lässt offen, wo es ist. Wählen Sie den Ort oder ziehen Sie die Nadel.', 'candidates.taken': 'Sie haben {letter} gewählt. Ziehen Sie die Nadel, falls der Eingang anderswo ist.',
  'foundAs.house': 'dieses Haus', 'foundAs.interpolated': 'zwischen bekannten Häusern', 'foundAs.nearest': 'nächste bekannte Nummer', 'foundAs.street': 'die Strasse, ohne Nummer', 'foundAs.place': 'der Ort', 'foundAs.postcode': 'das Postleitzahlgebiet',
  'map.invented': 'Eine erfundene Stadt',
  'site.undecided': 'Ort noch offen', 'site.decide': 'Ort wählen', 'site.decideOf': 'Ort von {name} wählen', 'site.unsureNote': { one: 'Die Adresssuche war nicht sicher. Sie kennt einen Ort.', other: 'Die Adresssuche war nicht sicher. Sie kennt {n} Orte.' },
  'site.kept': 'Die Adresse ist neu, und die Nadel blieb, wo sie jemand gesetzt hatte.', 'site.keptMove': 'Setzen Sie sie auf einen dieser Orte, oder lassen Sie sie.', 'site.keptNone': 'Die Karte kennt keine solche Adresse; ziehen Sie die Nadel, falls sie falsch ist.', 'site.keepPin': 'Nadel lassen',
};

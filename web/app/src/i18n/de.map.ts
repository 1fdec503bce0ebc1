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
  'nav.map': 'Karte', 'work.title': 'Karte', 'work.kind': 'Was gezeigt wird', 'work.search': 'Suchen', 'work.colour': 'Farbe',
  'work.size': 'Grösse', 'work.sizeNone': 'alle gleich', 'work.look': 'Wie Orte gezeichnet werden', 'work.look.points': 'Punkte', 'work.look.clusters': 'Gruppen', 'work.look.heat': 'Dichte',
  'work.nothing': 'Nichts für eine Karte', 'work.nothingHint': 'Sie dürfen nichts sehen, das irgendwo liegt.', 'work.choose': 'Auf der Karte auswählen', 'work.lasso': 'Lasso', 'work.polygon': 'Vieleck', 'work.circle': 'Kreis',
  'work.inView': 'Was zu sehen ist', 'work.invert': 'Alles andere', 'work.stepBack': 'Letzte Form zurücknehmen', 'work.mode': 'Was eine Form bewirkt', 'work.mode.replace': 'Neu', 'work.mode.add': 'Dazu',
  'work.mode.subtract': 'Weg', 'work.mode.intersect': 'Schnitt', 'work.lassoHint': 'Umfahren Sie, was Sie meinen', 'work.polygonHint': 'Klicken Sie die Ecken; am ersten Punkt oder mit Doppelklick ist Schluss',
  'work.circleHint': 'Ziehen Sie von der Mitte zum Rand', 'work.radius': '{km} km', 'work.result': 'Ergebnis', 'work.chosen': '{kind} ausgewählt', 'work.clear': 'Aufheben',
  'work.more': 'Nur die ersten {n} Orte sind zu sehen. Suchen oder filtern Sie nach den anderen.', 'work.none': 'nichts', 'work.rest': 'alle anderen', 'work.someone': 'jemand', 'work.range': '{from} bis {to}',
  'work.actions': 'Was damit geschehen soll', 'work.owner': 'Zuweisen', 'work.tag': 'Schlagwort', 'work.field': 'Feld ändern', 'work.plan': 'Einplanen', 'work.export': 'Exportieren', 'work.exporting': '{n} …',
  'work.list': 'Liste', 'work.open': 'Öffnen',
  'work.planOf': { one: '{n} Besuch einplanen', other: '{n} Besuche einplanen' }, 'work.planAdd': 'Besuche hinzufügen', 'work.planning': '{done} von {n}',
  'work.planned': { one: '{n} Besuch hinzugefügt', other: '{n} Besuche hinzugefügt' }, 'work.planKept': '{n} sind hinzugefügt; ein neuer Versuch fügt die übrigen hinzu.',
  'work.planMany': 'Mehr als {n} Besuche sind für einen Tag zu viele. Wählen Sie weniger.', 'work.addLead': 'Lead hinzufügen',
  'work.addLeadHint': 'Lead hinzufügen; auf der Karte einen Ort halten oder mit der rechten Taste klicken', 'work.leadAdded': '{name} ist als Lead hinzugefügt', 'work.leadSource': 'Karte',
};

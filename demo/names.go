package demo

import "strings"

// names are what people and firms are called in a language.
type names struct {
	given    []string
	families []string
	trades   []string // of firms, with % for the family
}

var german = names{
	strings.Fields("Andrea Bruno Carmen Daniel Elena Felix Gabriela Hans Irene Jakob Karin Lukas Monika Noah Olivia Patrick Rita Stefan Theresa Urs Vera Werner Yvonne Zoe"),
	strings.Fields("Amann Batliner Beck Biedermann Büchel Eberle Elkuch Fehr Foser Frommelt Gassner Gstöhl Hasler Heeb Hoop Jehle Kaiser Kieber Kindle Konrad " +
		"Lampert Marxer Matt Meier Negele Näscher Oehri Öhri Ospelt Pfeiffer Quaderer Ritter Risch Schädler Schächle Sele Senti Sprenger Vogt Wachter Walser " +
		"Wanger Wohlwend Wolfinger Zech"),
	[]string{"Bäckerei %", "Metzgerei %", "Garage %", "Hotel %", "Gasthof %", "Schreinerei %", "Druckerei %", "Apotheke %", "Zahnarztpraxis Dr. %", "Kindergarten %",
		"Seniorenheim %", "Brauerei %", "% Logistik", "% Präzisionstechnik", "Gärtnerei %", "Blumen %", "Optik %", "Café %", "Autohaus %", "Praxis Dr. %"},
}

var french = names{
	strings.Fields("Adèle Benoît Camille Denis Élodie François Gaëlle Hugo Inès Julien Karine Léa Mathieu Noémie Olivier Pauline Quentin Rémi Sophie Thomas Valérie Yves"),
	strings.Fields("Bernard Blanc Bonnet Boyer Chevalier Clément Colin Dubois Durand Faure Fontaine Fournier Garnier Gauthier Girard Giraud Lambert Leroy Marchand " +
		"Martin Mercier Moreau Morel Muller Perrin Petit Rey Robin Roche Rousseau Roux Simon Vidal Vincent"),
	[]string{"Boulangerie %", "Boucherie %", "Garage %", "Hôtel %", "Restaurant %", "Menuiserie %", "Imprimerie %", "Pharmacie %", "Cabinet dentaire %", "Crèche %",
		"Brasserie %", "Transports %", "Fleurs %", "Optique %", "Café %", "Cabinet %", "Ateliers %"},
}

var portuguese = names{
	strings.Fields("Ana Bruno Catarina Diogo Eduarda Filipe Graça Hugo Inês João Leonor Miguel Nuno Olga Pedro Rita Sofia Tiago Vasco Zélia"),
	strings.Fields("Almeida Alves Araújo Barbosa Brito Cardoso Carvalho Castro Correia Costa Cunha Dias Esteves Faria Fernandes Ferreira Fonseca Gomes Gonçalves " +
		"Leite Lopes Magalhães Martins Mendes Monteiro Moreira Neves Nogueira Oliveira Pereira Pinto Ribeiro Rocha Santos Silva Soares Sousa Tavares Teixeira Vieira"),
	[]string{"Padaria %", "Talho %", "Oficina %", "Hotel %", "Restaurante %", "Carpintaria %", "Tipografia %", "Farmácia %", "Clínica %", "Creche %", "Lar %",
		"Cervejaria %", "Transportes %", "Florista %", "Café %", "Óptica %"},
}

var spanish = names{
	strings.Fields("Ana Beltrán Carmen Diego Elena Fernando Gloria Hugo Irene Javier Laura Mateo Nuria Óscar Paula Raúl Sara Tomás Vera Yolanda"),
	strings.Fields("Álvarez Blanco Cano Castro Delgado Díaz Domínguez Fernández Flores García Gil Gómez González Gutiérrez Hernández Iglesias Jiménez López Marín Martín " +
		"Molina Moreno Muñoz Navarro Núñez Ortega Ortiz Peña Pérez Ramírez Ramos Rubio Ruiz Sánchez Santos Sanz Serrano Suárez Torres Vázquez"),
	[]string{"Panadería %", "Carnicería %", "Talleres %", "Hotel %", "Restaurante %", "Carpintería %", "Imprenta %", "Farmacia %", "Clínica %", "Guardería %",
		"Residencia %", "Cervecería %", "Transportes %", "Floristería %", "Café %", "Óptica %"},
}

var italian = names{
	strings.Fields("Alessia Bruno Chiara Davide Elisa Fabio Giulia Ivan Laura Marco Nadia Omar Paola Riccardo Sara Tommaso Valeria Walter"),
	strings.Fields("Amato Barbieri Basile Bianchi Bruno Caruso Colombo Conti Costa Deluca Esposito Fabbri Ferrara Ferrari Fontana Galli Gallo Gatti Giordano Greco " +
		"Leone Lombardi Longo Mancini Mariani Marino Martini Moretti Ricci Rinaldi Rizzo Romano Rossi Russo Santoro Serra Villa Vitale"),
	[]string{"Panificio %", "Macelleria %", "Officina %", "Hotel %", "Ristorante %", "Falegnameria %", "Tipografia %", "Farmacia %", "Studio dentistico %", "Asilo %",
		"Birreria %", "Trasporti %", "Fiori %", "Caffè %", "Ottica %"},
}

var english = names{
	strings.Fields("Alice Ben Clara Daniel Emily Fiona George Hannah Ian Julia Kevin Lucy Martin Nora Oliver Paula Robert Sarah Thomas Victoria William"),
	strings.Fields("Adams Baker Barnes Bennett Brooks Carter Chapman Clarke Cole Cooper Davies Dixon Ellis Evans Fisher Foster Gibson Gray Harris Hughes Jenkins " +
		"Kelly Knight Marshall Mason Mills Moore Morgan Murray Palmer Parker Price Reed Rogers Shaw Spencer Taylor Turner Walsh Ward Watson Webb Young"),
	[]string{"% Bakery", "% & Sons Butchers", "% Garage", "% Hotel", "% Arms", "% Joinery", "% Printing", "% Pharmacy", "% Dental Practice", "% Nursery School",
		"% House Care Home", "% Brewery", "% Logistics", "% Precision Parts", "% Flowers", "% Opticians", "Café %"},
}

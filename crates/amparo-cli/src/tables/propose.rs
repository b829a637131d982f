//! What a column may be, by its name, and how its dates may read, by all of them.

use amparo_core::date::Occurred;

use super::seen::Seen;
use crate::fold;
use crate::lists::rules::{Reading, read_date};

/// What a column may tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Key,
    Name,
    Aliases,
    Birth,
    Sex,
    Nationality,
    Authority,
    Place,
    Court,
    Offences,
    /// The date of a kind of event.
    Event(&'static str),
}

/// Words of headers, folded, in English, Spanish, French and Portuguese; the first that fits counts.
const WORDS: [(Part, &[&str]); 17] = [
    (
        Part::Birth,
        &[
            "birth",
            "born",
            "nacimiento",
            "naissance",
            "nascimento",
            "dob",
        ],
    ),
    (
        Part::Aliases,
        &["alias", "aliases", "aka", "apodo", "known"],
    ),
    (
        Part::Sex,
        &["sex", "gender", "sexo", "genero", "sexe", "genre"],
    ),
    (
        Part::Nationality,
        &[
            "nationality",
            "nacionalidad",
            "nationalite",
            "nacionalidade",
        ],
    ),
    (
        Part::Authority,
        &[
            "by",
            "authority",
            "agency",
            "organismo",
            "autoridad",
            "autorite",
        ],
    ),
    (
        Part::Court,
        &["court", "tribunal", "juzgado", "judge", "juez"],
    ),
    (
        Part::Offences,
        &[
            "offence", "offences", "offense", "charges", "delito", "delitos", "cargos",
        ],
    ),
    (
        Part::Event("release"),
        &[
            "release",
            "released",
            "freed",
            "liberacion",
            "excarcelacion",
            "liberation",
            "libertad",
        ],
    ),
    (
        Part::Event("sentence"),
        &["sentence", "sentenced", "condena", "sentencia"],
    ),
    (
        Part::Event("charge"),
        &["charged", "indicted", "imputacion", "acusacion"],
    ),
    (
        Part::Event("transfer"),
        &["transfer", "transferred", "traslado", "transfert"],
    ),
    (Part::Event("house-arrest"), &["house"]),
    (
        Part::Event("death"),
        &["death", "died", "muerte", "fallecimiento", "deces"],
    ),
    (
        Part::Event("arrest"),
        &[
            "arrest",
            "arrested",
            "detention",
            "detained",
            "detencion",
            "arresto",
            "captura",
            "arrestation",
            "admission",
            "admitted",
        ],
    ),
    (
        Part::Place,
        &[
            "place", "facility", "prison", "jail", "lugar", "centro", "carcel", "lieu", "held",
        ],
    ),
    (
        Part::Key,
        &[
            "id",
            "key",
            "number",
            "no",
            "nr",
            "num",
            "numero",
            "codigo",
            "code",
            "ref",
            "cedula",
            "expediente",
        ],
    ),
    (
        Part::Name,
        &[
            "name",
            "nombre",
            "nombres",
            "apellidos",
            "nom",
            "nome",
            "fullname",
        ],
    ),
];

/// What a column may tell, by the words of its name.
pub fn part(name: &str) -> Option<Part> {
    let words = fold::words(name);
    let fits =
        |(_, known): &&(Part, &[&str])| words.iter().any(|word| known.contains(&word.as_str()));
    WORDS.iter().find(fits).map(|(part, _)| *part)
}

/// How the dates of a column may read.
#[derive(Debug, PartialEq, Eq)]
pub enum Dates {
    /// All of them, by these.
    Formats(Vec<&'static str>),
    /// All of them, and those with a day by two that differ: neither is among these.
    DayOrMonth(Vec<&'static str>),
    /// Some with the day first alone, others with the month first alone.
    Mixed(Vec<&'static str>),
    /// Most of them, by these; so many distinct texts not.
    Partly(Vec<&'static str>, usize),
    /// The column holds no dates.
    None,
}

const FORMATS: [&str; 12] = [
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%d %B %Y",
    "%B %d, %Y",
    "%d %b %Y",
    "%m/%Y",
    "%Y-%m",
];
/// The day first and the month first, which many dates read by both.
const RIVALS: [(&str, &str); 3] = [
    ("%d/%m/%Y", "%m/%d/%Y"),
    ("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"),
    ("%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S"),
];
const YEAR: &str = "%Y";
const EDTF: &str = "edtf";

/// How the dates of a column may read, by all that was seen of it.
pub fn dates(column: &Seen) -> Dates {
    let reads = |text: &str, format: &str| match format {
        EDTF => Occurred::parse_stored(text).is_ok(),
        YEAR => text.len() == 4 && (text.starts_with("19") || text.starts_with("20")),
        _ => matches!(read_date(text, &[format.to_owned()]), Reading::Date(..)),
    };
    let count = |format: &str| {
        let texts = column.texts.iter();
        texts.filter(|text| reads(text, format)).count()
    };
    let mut formats: Vec<&'static str> = Vec::new();
    formats.extend(FORMATS.iter().filter(|format| count(format) > 0));
    let (mut is_open, mut is_mixed) = (false, false);
    let mut rivals: Vec<&str> = Vec::new();
    for (day, month) in RIVALS {
        let only = |one: &str, other: &str| {
            let mut texts = column.texts.iter();
            texts.any(|text| reads(text, one) && !reads(text, other))
        };
        match (only(day, month), only(month, day)) {
            (true, false) => formats.push(day),
            (false, true) => formats.push(month),
            (true, true) => is_mixed = true,
            (false, false) if count(day) > 0 => is_open = true,
            (false, false) => continue,
        }
        rivals.extend([day, month]);
    }
    let is_unread = |text: &&String| {
        let mut known = formats.iter().copied().chain(rivals.iter().copied());
        !known.any(|format| reads(text, format))
    };
    let mut unread: Vec<&String> = column.texts.iter().filter(is_unread).collect();
    for more in [YEAR, EDTF] {
        let before = unread.len();
        unread.retain(|text| !reads(text, more));
        if unread.len() < before {
            formats.push(more);
        }
    }
    let texts = column.texts.len();
    // A sheet's own dates need no format, but a rule has one.
    if formats.is_empty() && rivals.is_empty() && column.typed_dates > 0 {
        formats.push(EDTF);
    }
    let is_dates = column.typed_dates > 0 || texts - unread.len() > texts / 2;
    match (column.count > 0 && is_dates, is_mixed, is_open) {
        (false, _, _) => Dates::None,
        (true, true, _) => Dates::Mixed(formats),
        (true, false, true) => Dates::DayOrMonth(formats),
        (true, false, false) if unread.is_empty() => Dates::Formats(formats),
        (true, false, false) => Dates::Partly(formats, unread.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(texts: &[&str]) -> Seen {
        Seen {
            name: "d".to_owned(),
            count: texts.len(),
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            has_more: false,
            typed_dates: 0,
            is_distinct: true,
        }
    }

    #[test]
    fn a_choice_that_the_dates_leave_is_not_made() {
        for (texts, expect) in [
            (
                &["15/08/2025", "01/02/2025"][..],
                Dates::Formats(vec!["%d/%m/%Y"]),
            ),
            (&["08/15/2025"], Dates::Formats(vec!["%m/%d/%Y"])),
            (&["01/02/2025", "03/04/2025"], Dates::DayOrMonth(vec![])),
            (&["15/08/2025", "08/15/2025"], Dates::Mixed(vec![])),
            (
                &["2025-02-01", "02/2025"],
                Dates::Formats(vec!["%Y-%m-%d", "%m/%Y"]),
            ),
            (
                &["15/08/2025", "1971"],
                Dates::Formats(vec!["%d/%m/%Y", "%Y"]),
            ),
            (
                &["2025-02-01", "2025-02~"],
                Dates::Formats(vec!["%Y-%m-%d", "edtf"]),
            ),
            (
                &["2025-02-01", "2025-02-02", "soon"],
                Dates::Partly(vec!["%Y-%m-%d"], 1),
            ),
            (&["1", "2"], Dates::None),
            (&["Demo"], Dates::None),
            (&[], Dates::None),
        ] {
            assert_eq!(dates(&column(texts)), expect, "{texts:?}");
        }
    }

    #[test]
    fn columns_are_known_by_the_words_of_their_names() {
        for (name, expect) in [
            ("FECHA DE DETENCIÓN", Some(Part::Event("arrest"))),
            ("Date of birth", Some(Part::Birth)),
            ("Nombre y apellidos", Some(Part::Name)),
            ("INMATE_ID", Some(Part::Key)),
            ("Remarks", None),
        ] {
            assert_eq!(part(name), expect, "{name}");
        }
    }
}

//! A figure with all that it follows from: whoever has the file counts again, without the ledger.
//!
//! The file holds every entry line up to the known-at, so nothing can be left out that would
//! change the number; the consistency proof ties their tree to a signed head. Refuses more than
//! [`ENTRIES_MAX`] entries. Invariant: what verifies is that the rows are those that the rules of
//! counting give for exactly these entries, and that the signed log begins with them.
//!
//! ```text
//! amparo/figure@v1
//! {"as_of":"2026-02-20","known_at":41,"profile":"deprived-of-liberty@1","query":["totals"],...}
//! e0, and every entry up to the known-at, or to the publication of the figure, a line each
//! consistency proof from there to the checkpoint, a hash a line, in base64
//!
//! checkpoint
//! ```

use amparo_core::date::Day;
use amparo_core::entry::Entry;
use amparo_core::event::{Body, Publication, PublishedNumber};
use amparo_core::id::Seq;
use amparo_projections::profiles::{self, profiles};
use amparo_projections::{Facts, ReadModel as _, View};
use amparo_tlog::checkpoint::SignedCheckpoint;
use amparo_tlog::consistency::{self, MAX_CONSISTENCY_PROOF_LEN};
use amparo_tlog::merkle::{Frontier, Hash, leaf_hash};
use amparo_tlog::note::MAX_NOTE_LEN;
use serde_json::{Value, json};

use crate::command::totals::figure::Figure;
use crate::error::Failure;

/// The first line of a file.
pub const HEADER: &str = "amparo/figure@v1";
/// The most entries that a figure can be proven from.
pub const ENTRIES_MAX: u64 = 10_000;
/// The most bytes of a file.
pub const BYTES_MAX: usize = 64 * 1024 * 1024;

/// A figure, the entries that it follows from, and the head they are under.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureProof {
    /// The end of this day.
    pub as_of: Day,
    /// The last entry that counts.
    pub known_at: Seq,
    /// Who counts as held: a built-in profile, or one that the entries state, with its version.
    pub profile: String,
    /// The question, as the words of a command line.
    pub query: Vec<String>,
    /// The entry that published the figure, where one did.
    pub publication: Option<Seq>,
    /// The entries up to the known-at, or to the publication, byte for byte.
    pub lines: Vec<String>,
    /// From the tree of those entries to the head.
    pub proof: Vec<Hash>,
    /// The signed head.
    pub checkpoint: SignedCheckpoint,
}

/// Why a figure is not shown to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FigureFault {
    /// The file has not the form of a figure.
    Form(String),
    /// An entry does not read, or does not follow the one before.
    Entry(String),
    /// The signed log does not begin with these entries.
    NotOfTheLog(String),
    /// The rows are not what the entries give.
    OtherFigure(String),
}

impl FigureProof {
    /// The numbers that the entries give; of a publication they must be the published ones.
    ///
    /// # Errors
    /// [`FigureFault::Entry`], [`FigureFault::Form`] for a question or profile that does not read,
    /// [`FigureFault::OtherFigure`] for a publication of other numbers.
    pub fn numbers(&self) -> Result<Vec<PublishedNumber>, FigureFault> {
        let mut facts = Facts::default();
        let mut entries = Vec::with_capacity(self.lines.len());
        for (number, line) in self.lines.iter().enumerate() {
            let fault = |what: String| FigureFault::Entry(format!("e{number}: {what}"));
            let entry =
                Entry::parse_exact(line.as_bytes()).map_err(|error| fault(error.to_string()))?;
            facts
                .apply(&entry)
                .map_err(|error| fault(error.to_string()))?;
            entries.push(entry);
        }
        let form = |what: &str| FigureFault::Form(what.to_owned());
        let asked_in = |failure: Failure| FigureFault::Form(failure.message());
        let at = |seq: Seq| {
            usize::try_from(seq.number())
                .ok()
                .and_then(|n| entries.get(n))
        };
        let last = self.publication.unwrap_or(self.known_at);
        let (Some(first), Some(asked), true) = (entries.first(), at(last), self.known_at <= last)
        else {
            return Err(form("it does not hold the entries that it counts"));
        };
        let Body::Ledger(opening) = first.event.body() else {
            return Err(form("its first entry opens no ledger"));
        };
        let view = View::known_at(&facts, self.known_at);
        let profile = profiles::find(&profiles(&view), &self.profile);
        let profile = profile.ok_or_else(|| form("its profile is unknown"))?;
        let figure = Figure::of(&self.query).map_err(asked_in)?;
        // Words such as `yesterday` mean what they meant on the day of the last entry.
        let read_on = Day::at(asked.recorded.ms(), opening.time_zone);
        let read_on = read_on.ok_or_else(|| form("its last entry has no sound time"))?;
        let filters = figure
            .filters_alone(opening.time_zone, read_on)
            .map_err(asked_in)?;
        let coordinates = (self.as_of, self.known_at);
        let numbers = figure
            .numbers(&facts, coordinates, &profile, &filters)
            .map_err(asked_in)?;
        match self.publication {
            Some(_) => self.check_published(asked, numbers),
            None => Ok(numbers),
        }
    }

    /// An entry published these numbers at these coordinates.
    fn check_published(
        &self,
        entry: &Entry,
        numbers: Vec<PublishedNumber>,
    ) -> Result<Vec<PublishedNumber>, FigureFault> {
        let other = |what: &str| FigureFault::OtherFigure(format!("{}: {what}", entry.seq));
        let Body::Publication(published) = entry.event.body() else {
            return Err(other("it is no publication"));
        };
        let is_same = published.as_of == self.as_of
            && published.known_at == self.known_at
            && label(published) == self.profile
            && published.query.iter().map(|word| &**word).eq(&self.query);
        match (is_same, published.numbers == numbers) {
            (false, _) => Err(other("it was published of another question")),
            (true, false) => Err(other("it published other numbers")),
            (true, true) => Ok(numbers),
        }
    }

    /// Checks that the head begins with the entries.
    ///
    /// # Errors
    /// [`FigureFault::NotOfTheLog`].
    pub fn check_entries(&self) -> Result<(), FigureFault> {
        let mut tree = Frontier::new();
        for line in &self.lines {
            tree.push(leaf_hash(line.as_bytes()));
        }
        let head = self.checkpoint.checkpoint().head();
        consistency::verify(
            tree.size(),
            head.size(),
            tree.root(),
            head.root(),
            &self.proof,
        )
        .map_err(|error| FigureFault::NotOfTheLog(error.to_string()))
    }

    /// Writes the file.
    ///
    /// # Errors
    /// As [`numbers`](Self::numbers).
    pub fn write(&self) -> Result<String, FigureFault> {
        let mut text = format!("{HEADER}\n{}\n", self.claim(&self.numbers()?));
        for line in &self.lines {
            text.push_str(line);
            text.push('\n');
        }
        for hash in &self.proof {
            text.push_str(&base64(hash));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.checkpoint.to_string());
        Ok(text)
    }

    /// Reads a file, and checks that its numbers are what its entries give. Whose log it is, and
    /// whether the log holds these entries, is for the caller to check.
    ///
    /// # Errors
    /// [`FigureFault::Form`], [`FigureFault::Entry`], [`FigureFault::OtherFigure`].
    pub fn read(bytes: &[u8]) -> Result<(Self, Vec<PublishedNumber>), FigureFault> {
        let form = |what: &str| FigureFault::Form(what.to_owned());
        if bytes.len() > BYTES_MAX {
            return Err(form("it is longer than 64 MiB"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| form("it is not text"))?;
        let (body, checkpoint) = text
            .split_once("\n\n")
            .ok_or_else(|| form("it has no checkpoint"))?;
        let mut lines = body.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(form("its first line is another"));
        }
        let claim = lines.next().ok_or_else(|| form("it states no figure"))?;
        let rest: Vec<&str> = lines.collect();
        let entries = rest.iter().take_while(|line| line.starts_with('{')).count();
        if entries == 0 || entries as u64 > ENTRIES_MAX {
            return Err(form("it has no entries, or more than 10,000"));
        }
        if rest.len() - entries > MAX_CONSISTENCY_PROOF_LEN || checkpoint.len() > MAX_NOTE_LEN {
            return Err(form("its proof or its checkpoint is too long"));
        }
        let proof = rest[entries..].iter().map(|line| hash(line));
        let proof: Option<Vec<Hash>> = proof.collect();
        let claim: Value =
            serde_json::from_str(claim).map_err(|_| form("its second line is no JSON"))?;
        let claimed = Claimed::read(&claim);
        let claimed = claimed.ok_or_else(|| form("the figure's coordinates do not read"))?;
        let figure = Self {
            as_of: claimed.as_of,
            known_at: claimed.known_at,
            profile: claimed.profile,
            query: claimed.query,
            publication: claimed.publication,
            lines: rest[..entries]
                .iter()
                .map(|line| (*line).to_owned())
                .collect(),
            proof: proof.ok_or_else(|| form("a line of its proof is no hash"))?,
            checkpoint: SignedCheckpoint::parse(checkpoint.as_bytes())
                .map_err(|error| form(&format!("its checkpoint is none: {error}")))?,
        };
        let last = figure.publication.unwrap_or(figure.known_at);
        if last.number() + 1 != entries as u64 {
            let wanted = last.number() + 1;
            let what = format!("there are {entries} entries, and the figure follows from {wanted}");
            return Err(FigureFault::Entry(what));
        }
        let numbers = figure.numbers()?;
        let counted = figure.claim(&numbers);
        match claim == counted {
            true => Ok((figure, numbers)),
            false => Err(FigureFault::OtherFigure(counted.to_string())),
        }
    }

    /// The second line: the coordinates and every number.
    fn claim(&self, numbers: &[PublishedNumber]) -> Value {
        let number = |number: &PublishedNumber| {
            json!({
                "axis": number.axis, "state": number.state,
                "instrument": number.instrument.as_ref().map(|code| code.as_str()),
                "by": number.by,
                "low": number.low, "count": number.count, "high": number.high,
            })
        };
        json!({
            "as_of": self.as_of.to_string(), "known_at": self.known_at.number(),
            "profile": self.profile, "query": self.query,
            "publication": self.publication.map(Seq::number),
            "numbers": numbers.iter().map(number).collect::<Vec<_>>(),
        })
    }
}

/// The profile of a publication, with its version.
pub fn label(published: &Publication) -> String {
    format!("{}@{}", published.profile, published.profile_version)
}

/// The coordinates of a file's second line.
struct Claimed {
    as_of: Day,
    known_at: Seq,
    profile: String,
    query: Vec<String>,
    publication: Option<Seq>,
}

impl Claimed {
    fn read(claim: &Value) -> Option<Self> {
        let query = claim.get("query")?.as_array()?.iter();
        let publication = claim.get("publication")?;
        Some(Self {
            as_of: claim.get("as_of")?.as_str()?.parse().ok()?,
            known_at: Seq::new(claim.get("known_at")?.as_u64()?),
            profile: claim.get("profile")?.as_str()?.to_owned(),
            query: query
                .map(|word| word.as_str().map(str::to_owned))
                .collect::<Option<_>>()?,
            publication: match publication {
                Value::Null => None,
                number => Some(Seq::new(number.as_u64()?)),
            },
        })
    }
}

fn base64(hash: &Hash) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(hash.as_bytes())
}

fn hash(text: &str) -> Option<Hash> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text)
        .ok()?;
    Some(Hash::from_bytes(bytes.try_into().ok()?))
}

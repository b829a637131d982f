//! A figure with all that it follows from: whoever has the file counts again, without the ledger.
//!
//! The file holds every entry line up to the known-at, so nothing can be left out that would
//! change the number; the consistency proof ties their tree to a signed head. Refuses more than
//! [`ENTRIES_MAX`] entries. Invariant: what verifies is that the rows are those that the rules of
//! counting give for exactly these entries, and that the signed log begins with them.
//!
//! ```text
//! amparo/figure@v1
//! {"as_of":"2026-02-20","known_at":41,"profile":"deprived-of-liberty","rows":[...]}
//! e0, and every entry up to the known-at, a line each
//! consistency proof from there to the checkpoint, a hash a line, in base64
//!
//! checkpoint
//! ```

use amparo_core::date::Day;
use amparo_core::entry::Entry;
use amparo_core::id::Seq;
use amparo_projections::profiles::{self, profiles};
use amparo_projections::totals::{TotalsRow, totals};
use amparo_projections::{Facts, ReadModel as _, View};
use amparo_tlog::checkpoint::SignedCheckpoint;
use amparo_tlog::consistency::{self, MAX_CONSISTENCY_PROOF_LEN};
use amparo_tlog::merkle::{Frontier, Hash, leaf_hash};
use amparo_tlog::note::MAX_NOTE_LEN;
use serde_json::{Value, json};

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
    /// Who counts as held: a built-in profile, or one that the entries state, with its version.
    pub profile: String,
    /// The entries up to the known-at, byte for byte.
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
    /// The rows that the entries give.
    ///
    /// # Errors
    /// [`FigureFault::Entry`].
    pub fn rows(&self) -> Result<Vec<TotalsRow>, FigureFault> {
        let mut facts = Facts::default();
        for (number, line) in self.lines.iter().enumerate() {
            let fault = |what: String| FigureFault::Entry(format!("e{number}: {what}"));
            let entry =
                Entry::parse_exact(line.as_bytes()).map_err(|error| fault(error.to_string()))?;
            facts
                .apply(&entry)
                .map_err(|error| fault(error.to_string()))?;
        }
        let view = View::known_at(&facts, self.known_at());
        let profile = profiles::find(&profiles(&view), &self.profile);
        let profile =
            profile.ok_or_else(|| FigureFault::Form("its profile is unknown".to_owned()))?;
        Ok(totals(&view, self.as_of, &profile))
    }

    /// The last entry that counts.
    pub fn known_at(&self) -> Seq {
        Seq::new((self.lines.len() as u64).saturating_sub(1))
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
    /// As [`rows`](Self::rows).
    pub fn write(&self) -> Result<String, FigureFault> {
        let mut text = format!("{HEADER}\n{}\n", self.claim(&self.rows()?));
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

    /// Reads a file, and checks that its rows are what its entries give. Whose log it is, and
    /// whether the log holds these entries, is for the caller to check.
    ///
    /// # Errors
    /// [`FigureFault::Form`], [`FigureFault::Entry`], [`FigureFault::OtherFigure`].
    pub fn read(bytes: &[u8]) -> Result<(Self, Vec<TotalsRow>), FigureFault> {
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
        let (as_of, profile) =
            coordinates(claim).ok_or_else(|| form("the figure's coordinates do not read"))?;
        let figure = Self {
            as_of,
            profile,
            lines: rest[..entries]
                .iter()
                .map(|line| (*line).to_owned())
                .collect(),
            proof: proof.ok_or_else(|| form("a line of its proof is no hash"))?,
            checkpoint: SignedCheckpoint::parse(checkpoint.as_bytes())
                .map_err(|error| form(&format!("its checkpoint is none: {error}")))?,
        };
        let rows = figure.rows()?;
        let counted = figure.claim(&rows);
        match serde_json::from_str::<Value>(claim).is_ok_and(|claim| claim == counted) {
            true => Ok((figure, rows)),
            false => Err(FigureFault::OtherFigure(counted.to_string())),
        }
    }

    /// The second line: the coordinates and every row.
    fn claim(&self, rows: &[TotalsRow]) -> Value {
        let rows: Vec<Value> = rows
            .iter()
            .map(|row| {
                let total = row.total;
                json!({
                    "axis": row.axis.to_string(), "state": row.state,
                    "instrument": row.instrument,
                    "low": total.low, "count": total.count, "high": total.high,
                })
            })
            .collect();
        json!({
            "as_of": self.as_of.to_string(), "known_at": self.known_at().number(),
            "profile": self.profile, "rows": rows,
        })
    }
}

fn coordinates(claim: &str) -> Option<(Day, String)> {
    let claim: Value = serde_json::from_str(claim).ok()?;
    let as_of = claim.get("as_of")?.as_str()?.parse().ok()?;
    let profile = claim.get("profile")?.as_str()?.to_owned();
    Some((as_of, profile))
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

//! `prove`: what a third party checks without the ledger.

use amparo_core::date::Day;
use amparo_core::entry::Entry;
use amparo_core::event::Body;
use amparo_core::id::Seq;
use amparo_store::ledger::Ledger;
use amparo_store::signing::{CheckpointName, Stored};
use amparo_tlog::growth::GrowthProof;
use amparo_tlog::proof::LogProof;
use amparo_tlog::reader::ReadTreeError;
use clap::{ArgGroup, Args};

use super::Exit;
use crate::args::CoordinateArgs;
use crate::derived;
use crate::entry_ref;
use crate::error::{Failure, FailureKind};
use crate::figure_proof::{self, ENTRIES_MAX, FigureFault, FigureProof};
use crate::new_file;
use crate::output::{Cell, Column, Reply};
use crate::session::{Reading, Session, whole_meta};

/// Write a proof that somebody else can check without the ledger, by `amparo verify-proof`
///
/// Of an entry: that it stands in the log, under the newest signed head (C2SP tlog-proof; the
/// entry's line is inside). Of two signed heads: that the log only grew between them. Of a figure,
/// published or not: every entry line that it is counted from, up to 10,000, so that anybody can
/// count again. A proof holds no private field.
#[derive(Debug, Args)]
#[command(group(
    ArgGroup::new("what").required(true).multiple(true).args(["entry", "consistent", "figure"])
))]
pub struct Prove {
    /// The entry: e49, or the id of its event; with --figure, the publication of a figure
    #[arg(conflicts_with = "consistent")]
    entry: Option<String>,
    /// Two signed heads, each by its size or its name: the older, the newer
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with = "figure")]
    consistent: Option<Vec<String>>,
    /// The numbers of a question at --as-of, --known-at and --profile, or of a publication
    #[arg(long)]
    figure: bool,
    /// The question, as for `totals` [default: totals]
    #[arg(last = true, value_name = "QUESTION", requires = "figure")]
    query: Vec<String>,
    /// Write to a new file [default: standard output]
    #[arg(short = 'o', long, value_name = "FILE")]
    out: Option<String>,
    #[command(flatten)]
    at: CoordinateArgs,
}

impl Prove {
    pub fn run(self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        if let (false, Some(option)) = (self.figure, self.at.given()) {
            return Err(Failure::usage(format!("{option} belongs to --figure"))
                .hint("an entry and a head are the same at any coordinates"));
        }
        let is_published = self.figure && self.entry.is_some();
        if is_published && (self.at.given().is_some() || !self.query.is_empty()) {
            return Err(
                Failure::usage("a publication has a question and coordinates of its own")
                    .hint("leave them out, or leave the publication out"),
            );
        }
        let (ledger, proven, text) = match (&self.entry, self.consistent.as_deref()) {
            (Some(entry), _) if self.figure => of_publication(session, entry)?,
            (Some(entry), _) => {
                let ledger = session.whole()?;
                let (proven, text) = of_entry(&ledger, entry)?;
                (ledger, proven, text)
            }
            (None, Some([old, new])) => {
                let ledger = session.whole()?;
                let (proven, text) = of_growth(&ledger, old, new)?;
                (ledger, proven, text)
            }
            (None, Some(_)) => return Err(Failure::usage("--consistent takes two signed heads")),
            (None, None) => of_figure(session, &self.at, &self.query)?,
        };
        let Some(name) = &self.out else {
            session.write(text.as_bytes())?;
            return Ok(Exit::Done);
        };
        new_file::write(session, name, text.as_bytes())?;
        let columns = ["file", "proven", "checkpoint", "root"].map(Column::text);
        let mut reply = Reply::new(whole_meta(&ledger), columns).into_record();
        reply.push(vec![
            Cell::text(name),
            Cell::text(&proven.what),
            Cell::count(proven.size),
            Cell::text(proven.root),
        ]);
        session.reply(&reply)?;
        session.talk("it is checked with `amparo verify-proof`, which needs no ledger");
        Ok(Exit::Done)
    }
}

/// What a proof shows, and under which head.
struct Proven {
    what: String,
    size: u64,
    root: amparo_tlog::merkle::Hash,
}

impl Proven {
    fn under(what: String, stored: &Stored) -> Self {
        let head = stored.checkpoint.checkpoint().head();
        Self {
            what,
            size: head.size(),
            root: head.root(),
        }
    }
}

fn of_entry(ledger: &Ledger, typed: &str) -> Result<(Proven, String), Failure> {
    let entry: Entry = entry_ref::find(ledger, typed)?;
    let seq = entry.seq;
    let stored = newest(ledger, seq.number() + 1)?;
    let size = stored.checkpoint.checkpoint().head().size();
    let line = ledger
        .line(seq)?
        .ok_or_else(|| not_signed_up_to(seq.number() + 1))?;
    let inclusion = ledger
        .tree()
        .prove_inclusion(seq.number(), size)
        .map_err(|error| unreadable(&error))?;
    let proven = Proven::under(seq.to_string(), &stored);
    let proof = LogProof::new(seq.number(), inclusion, stored.checkpoint, Some(line));
    let proof = proof.map_err(|error| Failure::internal(error.to_string()))?;
    Ok((proven, proof.to_string()))
}

fn of_growth(ledger: &Ledger, old: &str, new: &str) -> Result<(Proven, String), Failure> {
    let (old, new) = (signed(ledger, old)?, signed(ledger, new)?);
    let size = |stored: &Stored| stored.checkpoint.checkpoint().head().size();
    let (older, newer) = (size(&old), size(&new));
    if older > newer {
        return Err(
            Failure::usage(format!("{older} entries do not come before {newer}"))
                .hint("name the older head first"),
        );
    }
    let proof = ledger
        .tree()
        .prove_consistency(older, newer)
        .map_err(|error| unreadable(&error))?;
    let proven = Proven::under(
        format!("{older} entries are the beginning of {newer}"),
        &new,
    );
    let proof = GrowthProof::new(proof, old.checkpoint, new.checkpoint);
    Ok((proven, proof.to_string()))
}

/// The question of a figure that nobody published: all totals.
const ALL_TOTALS: [&str; 1] = ["totals"];

fn of_figure(
    session: &mut Session<'_, '_>,
    at: &CoordinateArgs,
    query: &[String],
) -> Result<(Ledger, Proven, String), Failure> {
    let Reading { ledger, at } = session.reading(at)?;
    let profile = derived::profile_of(session, &ledger, &at)?.label();
    let query = match query {
        [] => ALL_TOTALS.map(str::to_owned).to_vec(),
        words => words.to_vec(),
    };
    let what = format!("`{}` at {} by {profile}", query.join(" "), at.in_one_word());
    let asked = Asked {
        as_of: at.as_of,
        known_at: at.known_at,
        profile,
        query,
        publication: None,
    };
    pack(ledger, asked, what)
}

fn of_publication(
    session: &mut Session<'_, '_>,
    typed: &str,
) -> Result<(Ledger, Proven, String), Failure> {
    let ledger = session.whole()?;
    let entry = entry_ref::find(&ledger, typed)?;
    let Body::Publication(published) = entry.event.body() else {
        return Err(Failure::usage(format!("{} publishes no figure", entry.seq))
            .hint("leave --figure out to prove the entry itself"));
    };
    let what = format!("{}, published as {}", published.figure, entry.seq);
    let asked = Asked {
        as_of: published.as_of,
        known_at: published.known_at,
        profile: figure_proof::label(published),
        query: published
            .query
            .iter()
            .map(|word| (**word).to_owned())
            .collect(),
        publication: Some(entry.seq),
    };
    pack(ledger, asked, what)
}

/// The coordinates and the question of a figure.
struct Asked {
    as_of: Day,
    known_at: Seq,
    profile: String,
    query: Vec<String>,
    publication: Option<Seq>,
}

/// Packs a figure with every entry up to its known-at, or to its publication.
fn pack(ledger: Ledger, asked: Asked, what: String) -> Result<(Ledger, Proven, String), Failure> {
    let count = asked.publication.unwrap_or(asked.known_at).number() + 1;
    if count > ENTRIES_MAX {
        let message = format!("the figure follows from {count} entries; at most {ENTRIES_MAX}");
        return Err(Failure::usage(message)
            .hint("publish `amparo export --tiles`: whoever has it can count for themselves"));
    }
    let stored = newest(&ledger, count)?;
    let size = stored.checkpoint.checkpoint().head().size();
    let mut lines = Vec::new();
    for line in ledger.lines(0..count) {
        let (seq, line) = line?;
        let line = String::from_utf8(line);
        lines.push(line.map_err(|_| Failure::not_a_log(seq, "it is not text"))?);
    }
    let proof = ledger
        .tree()
        .prove_consistency(count, size)
        .map_err(|error| unreadable(&error))?;
    let proven = Proven::under(what, &stored);
    let figure = FigureProof {
        as_of: asked.as_of,
        known_at: asked.known_at,
        profile: asked.profile,
        query: asked.query,
        publication: asked.publication,
        lines,
        proof,
        checkpoint: stored.checkpoint,
    };
    let text = figure.write().map_err(|fault| not_proven(&fault))?;
    Ok((ledger, proven, text))
}

fn not_proven(fault: &FigureFault) -> Failure {
    match fault {
        FigureFault::Form(what) => Failure::usage(format!("no figure: {what}"))
            .hint("write a question as for `totals`: prove --figure -- totals --by place"),
        FigureFault::Entry(what) | FigureFault::NotOfTheLog(what) => {
            Failure::new(FailureKind::Integrity, what.clone())
        }
        FigureFault::OtherFigure(what) => {
            let message = format!("what was published does not follow from the log: {what}");
            Failure::new(FailureKind::Integrity, message)
        }
    }
}

/// The newest signed head, which must have so many entries at least.
fn newest(ledger: &Ledger, entries: u64) -> Result<Stored, Failure> {
    let newest = ledger.newest_checkpoint();
    let newest = newest.map_err(|error| Failure::signing(&error))?;
    newest
        .filter(|stored| stored.checkpoint.checkpoint().head().size() >= entries)
        .ok_or_else(|| not_signed_up_to(entries))
}

fn not_signed_up_to(entries: u64) -> Failure {
    let last = Seq::new(entries.saturating_sub(1));
    Failure::refused(format!("no signed head holds {last}"))
        .hint("sign the head with `amparo checkpoint`, then prove again")
}

/// The signed head of a size or a name.
fn signed(ledger: &Ledger, typed: &str) -> Result<Stored, Failure> {
    let checkpoints = ledger.checkpoints();
    let checkpoints = checkpoints.map_err(|error| Failure::signing(&error))?;
    let size: Option<u64> = typed.parse().ok();
    let name: Option<CheckpointName> = typed.parse().ok();
    let mut found = checkpoints.into_iter().filter(|stored| {
        size == Some(stored.checkpoint.checkpoint().head().size())
            || name
                .as_ref()
                .is_some_and(|name| stored.names.contains(name))
    });
    found.next().ok_or_else(|| {
        let shown = crate::output::text::visible(typed);
        Failure::subject(format!("no signed head has the size or the name {shown}"))
            .hint("`amparo checkpoint --list` lists them")
    })
}

fn unreadable(error: &ReadTreeError) -> Failure {
    Failure::new(FailureKind::Integrity, "the stored tiles cannot be read")
        .cause(error.to_string())
        .hint("`amparo verify` tells what is wrong with the ledger")
}

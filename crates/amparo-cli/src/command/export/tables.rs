//! `export --csv`, `--xlsx` and `--datapackage`: tables at coordinates, for spreadsheets and
//! statistics.
//!
//! Every table is tidy: one thing a row, one value a cell, no sums among the rows, and the
//! coordinates behind each row's own cells. Refuses to overwrite; nothing has its name before it
//! is whole. Invariant: without `--names` no private field is read; with `--suppress-below`
//! nothing that is about one person is written.

mod claims;
mod csv_folder;
mod datapackage;
mod events;
mod people;
mod schema;
mod sources;
mod totals;
mod workbook;

use amparo_projections::View;
use clap::Args;

use super::super::totals::{groupings, threshold};
use crate::args::CoordinateArgs;
use crate::command::Exit;
use crate::derived::Derived;
use crate::error::Failure;
use crate::output::{Cell, Column, Meta, Reply};
use crate::progress::Progress;
use crate::session::Session;
use csv_folder::CsvFolder;
use datapackage::About;
use schema::Table;
use workbook::XlsxFile;

/// Tables, and what stands in them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Tables for spreadsheets and statistics, at coordinates")]
pub struct TableArgs {
    /// Write the tables people, events, sources, totals and claims as CSV files in a new folder
    #[arg(long, value_name = "DIR", group = "tables")]
    #[arg(conflicts_with_all = ["out", "openings", "tiles"])]
    csv: Option<String>,
    /// Write the same as the sheets of a new XLSX file
    #[arg(long, value_name = "FILE", group = "tables")]
    #[arg(conflicts_with_all = ["out", "openings", "tiles"])]
    xlsx: Option<String>,
    /// Write the same as a Frictionless data package to publish: with what each column means, the
    /// caveats (README.md), how to cite it, and checksums
    #[arg(long, value_name = "DIR", group = "tables")]
    #[arg(conflicts_with_all = ["out", "openings", "tiles"])]
    datapackage: Option<String>,
    /// With the names of people, in clear
    #[arg(long, requires = "tables")]
    names: bool,
    /// A table of the totals laid out by these as well, as `totals --by`: place, court, ...
    #[arg(long, value_name = "WHAT", value_delimiter = ',', requires = "tables")]
    by: Vec<String>,
    /// With `--by place`, only so many parts of the place
    #[arg(long, value_name = "NUMBER", requires = "by")]
    depth: Option<usize>,
    /// For publication: leave out people, events and sources, and withhold numbers of totals that
    /// are small, or would give a small one away, as `totals --suppress-below`
    #[arg(long, value_name = "NUMBER", value_parser = threshold())]
    #[arg(requires = "tables", conflicts_with = "names")]
    suppress_below: Option<u64>,
    /// Under which licence a data package may be used: an SPDX identifier, such as CC-BY-4.0
    #[arg(
        long,
        visible_alias = "license",
        value_name = "ID",
        requires = "datapackage"
    )]
    licence: Option<String>,
    #[command(flatten)]
    at: CoordinateArgs,
}

/// Where tables are written to, one after another.
trait Sink {
    /// Begins a table.
    fn begin(&mut self, table: &Table, meta: &Meta) -> Result<(), Failure>;
    /// Writes a row of it: one cell for each column.
    fn row(&mut self, cells: &[Cell]) -> Result<(), Failure>;
    /// Ends it.
    fn end(&mut self) -> Result<(), Failure>;
}

/// Takes the rows of one table, and counts them.
struct Rows<'r, 'p> {
    sink: &'r mut dyn Sink,
    progress: &'r mut Progress<'p>,
    written: u64,
}

impl Rows<'_, '_> {
    fn row(&mut self, cells: &[Cell]) -> Result<(), Failure> {
        self.sink.row(cells)?;
        self.written += 1;
        self.progress.step("rows written", self.written, None);
        Ok(())
    }
}

/// A table whose rows are all there, since they do not grow with the log.
struct Gathered {
    table: Table,
    meta: Meta,
    rows: Vec<Vec<Cell>>,
}

/// A table that was written.
struct Written {
    table: Table,
    rows: u64,
}

impl TableArgs {
    /// Whether tables are asked for.
    pub fn is_asked(&self) -> bool {
        self.csv.is_some() || self.xlsx.is_some() || self.datapackage.is_some()
    }

    /// Refuses coordinates where no tables are asked for: the log is the same at all of them.
    ///
    /// # Errors
    /// Usage.
    pub fn refuse_coordinates(&self) -> Result<(), Failure> {
        match self.at.given() {
            None => Ok(()),
            Some(option) => Err(Failure::usage(format!(
                "the log as it is stored takes no {option}"
            ))
            .hint("coordinates belong to tables: --csv, --xlsx or --datapackage")),
        }
    }

    /// Writes the tables, and answers with their names and sizes.
    pub fn run(&self, session: &mut Session<'_, '_>) -> Result<Exit, Failure> {
        // What is typed wrong is told before the log is read.
        groupings(&self.by, self.depth)?;
        match (&self.licence, &self.datapackage) {
            (Some(licence), Some(_)) => datapackage::check_licence(licence)?,
            (Some(_), None) => {
                return Err(Failure::usage("--licence stands in a data package alone")
                    .hint("write one with --datapackage DIR"));
            }
            (None, _) => {}
        }
        let derived = Derived::open(session, &self.at)?;
        if self.names {
            Failure::unless_names(&derived.ledger)?;
        }
        match (&self.csv, &self.xlsx, &self.datapackage) {
            (Some(name), _, _) => self.to_csv(session, &derived, name),
            (None, Some(name), _) => self.to_xlsx(session, &derived, name),
            (None, None, Some(name)) => self.to_package(session, &derived, name),
            (None, None, None) => Err(Failure::usage("no tables are asked for")),
        }
    }

    fn to_csv(
        &self,
        session: &mut Session<'_, '_>,
        derived: &Derived,
        name: &str,
    ) -> Result<Exit, Failure> {
        let mut folder = CsvFolder::new(session, name)?;
        let written = self.write(session, derived, &mut folder)?;
        folder.finish()?;
        self.answer(session, derived, &written, |table| {
            format!("{name}/{table}.csv")
        })
    }

    fn to_xlsx(
        &self,
        session: &mut Session<'_, '_>,
        derived: &Derived,
        name: &str,
    ) -> Result<Exit, Failure> {
        let now = (session.world.clock)();
        let mut file = XlsxFile::new(session, name, now)?;
        let written = self.write(session, derived, &mut file)?;
        file.finish()?;
        self.answer(session, derived, &written, |_| name.to_owned())
    }

    fn to_package(
        &self,
        session: &mut Session<'_, '_>,
        derived: &Derived,
        name: &str,
    ) -> Result<Exit, Failure> {
        let mut folder = CsvFolder::new(session, name)?;
        let written = self.write(session, derived, &mut folder)?;
        let about = About {
            derived,
            meta: self.meta(derived),
            created: (session.world.clock)(),
            licence: self.licence.as_deref(),
            has_names: self.names,
            suppress_below: self.suppress_below,
        };
        datapackage::complete(&mut folder, &about, &written)?;
        folder.finish()?;
        self.answer(session, derived, &written, |table| {
            format!("{name}/{table}.csv")
        })
    }

    fn meta(&self, derived: &Derived) -> Meta {
        let meta = derived.at.meta();
        meta.filter("suppress-below", self.suppress_below)
    }

    /// Writes every table that is asked for.
    fn write(
        &self,
        session: &mut Session<'_, '_>,
        derived: &Derived,
        sink: &mut dyn Sink,
    ) -> Result<Vec<Written>, Failure> {
        let world = &mut *session.world;
        let mut progress = Progress::new(&mut world.stderr, world.stderr_is_terminal);
        let meta = self.meta(derived);
        let mut written = Vec::new();
        let mut one = |table: Table, meta: &Meta, write: &mut Writer<'_>| {
            sink.begin(&table, meta)?;
            let mut rows = Rows {
                sink: &mut *sink,
                progress: &mut progress,
                written: 0,
            };
            write(&mut rows)?;
            let rows = rows.written;
            sink.end()?;
            written.push(Written { table, rows });
            Ok::<_, Failure>(())
        };
        if self.suppress_below.is_none() {
            let names = self.names;
            one(people::table(names), &meta, &mut |rows| {
                people::rows(derived, names, rows)
            })?;
            one(events::table(), &meta, &mut |rows| {
                events::rows(derived, rows)
            })?;
            one(sources::table(), &meta, &mut |rows| {
                sources::rows(derived, rows)
            })?;
        }
        let view = derived.then();
        for Gathered { table, meta, rows } in self.counted(derived, &view, &meta)? {
            one(table, &meta, &mut |out| {
                rows.iter().try_for_each(|cells| out.row(cells))
            })?;
        }
        Ok(written)
    }

    /// The tables whose size does not grow with the log.
    fn counted(
        &self,
        derived: &Derived,
        view: &View<'_>,
        meta: &Meta,
    ) -> Result<Vec<Gathered>, Failure> {
        let by = groupings(&self.by, self.depth)?;
        let suppresses = self.suppress_below.is_some();
        let mut tables = Vec::new();
        let grouped = (!by.is_empty()).then_some(by.as_slice());
        for groupings in [Some(&[][..]), grouped].into_iter().flatten() {
            let names = groupings.iter().map(|(name, _)| *name).collect::<Vec<_>>();
            let names = (!names.is_empty()).then(|| names.join(","));
            let depth = self.depth.filter(|_| names.is_some());
            let meta = meta.clone().filter("by", names).filter("depth", depth);
            let question = totals::Question {
                as_of: derived.at.as_of,
                profile: &derived.profile,
                groupings,
                suppress_below: self.suppress_below,
            };
            let (table, rows) = totals::table(view, &question, &meta)?;
            tables.push(Gathered { table, meta, rows });
        }
        let (table, rows) = claims::table(derived, view, meta, suppresses)?;
        let meta = meta.clone();
        tables.push(Gathered { table, meta, rows });
        Ok(tables)
    }

    fn answer(
        &self,
        session: &mut Session<'_, '_>,
        derived: &Derived,
        written: &[Written],
        file: impl Fn(&str) -> String,
    ) -> Result<Exit, Failure> {
        let columns = [
            Column::text("table"),
            Column::number("rows"),
            Column::text("file"),
        ];
        let mut reply = Reply::at(self.meta(derived), columns);
        for Written { table, rows } in written {
            reply.push(vec![
                Cell::text(table.name),
                Cell::count(*rows),
                Cell::text(file(table.name)),
            ]);
        }
        session.reply(&reply)?;
        session.talk(match (self.names, self.suppress_below) {
            (true, _) => "these tables name people: keep them as you keep keys".to_owned(),
            (false, Some(_)) => {
                "people, events and sources are left out: each row of theirs is about one"
                    .to_owned()
            }
            (false, None) => {
                "these tables name nobody, and show each person's story: somebody who \
                              knows a case can recognise it"
                    .to_owned()
            }
        });
        Ok(Exit::Done)
    }
}

/// Writes the rows of one table.
type Writer<'w> = dyn FnMut(&mut Rows<'_, '_>) -> Result<(), Failure> + 'w;

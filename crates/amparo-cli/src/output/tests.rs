//! One answer in all five forms.

use amparo_core::entry::Recorded;
use amparo_core::id::LedgerId;

use super::*;

fn reply() -> Reply {
    let meta = Meta {
        as_of: "2026-02-20".parse().ok(),
        known_at: Some(KnownAt {
            seq: 41,
            recorded: Recorded::parse("2026-02-21T12:00:00.000Z").unwrap(),
        }),
        profile: Some("prison-only".into()),
        filters: vec![("place".into(), "VE".into())],
        head: Some(Head {
            size: 49,
            root: "ab".repeat(32),
        }),
        ledger: Some(LedgerId::new(uuid::Uuid::from_u128(7))),
    };
    let columns = [
        Column::text("person"),
        Column::number("days"),
        Column::machine("id"),
        Column::text("head"),
    ];
    let mut reply = Reply::at(meta, columns);
    let head = Cell::Parts(vec![("seq", Cell::Number(1)), ("root", Cell::text("ff"))]);
    reply.push(vec![
        Cell::text("張偉 =x|\u{1b}"),
        Cell::Number(7),
        Cell::text("i"),
        head,
    ]);
    reply.push(vec![Cell::text("=Ana"), Cell::Number(-12)]);
    reply
}

fn written(format: OutputFormat) -> String {
    let mut out = Vec::new();
    write(&reply(), format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_table_is_borderless_and_lines_up_wide_scripts() {
    let expect = "\
as of 2026-02-20 · known at e41 (recorded 2026-02-21T12:00:00.000Z) · profile prison-only · place VE · 49 entries, root abababababab

person          days  head seq  head root
張偉 =x|\\u{1b}     7  1         ff
=Ana             -12
";
    assert_eq!(written(OutputFormat::Table), expect);
}

#[test]
fn json_has_the_keys_of_the_design_in_their_order() {
    let expect = format!(
        "{{\"meta\":{{\"as_of\":\"2026-02-20\",\"known_at\":{{\"seq\":41,\
         \"recorded\":\"2026-02-21T12:00:00.000Z\"}},\"profile\":\"prison-only\",\
         \"filters\":{{\"place\":\"VE\"}},\"head\":{{\"size\":49,\"root\":\"{}\"}},\
         \"ledger\":\"00000000-0000-0000-0000-000000000007\",\"format\":1}},\"rows\":[\n\
         {{\"person\":\"張偉 =x|\\u001b\",\"days\":7,\"id\":\"i\",\
         \"head\":{{\"seq\":1,\"root\":\"ff\"}}}},\n\
         {{\"person\":\"=Ana\",\"days\":-12,\"id\":null,\"head\":null}}\n]}}\n",
        "ab".repeat(32)
    );
    assert_eq!(written(OutputFormat::Json), expect);
}

#[test]
fn lines_and_csv_carry_the_coordinates_in_every_row() {
    for line in written(OutputFormat::Jsonl).lines() {
        assert!(line.contains("\"as_of\":\"2026-02-20\""), "{line}");
        assert!(line.contains("\"known_at\":{\"seq\":41,"), "{line}");
    }
    let csv = written(OutputFormat::Csv);
    let mut lines = csv.lines();
    assert_eq!(
        lines.next().unwrap(),
        "person,days,id,head_seq,head_root,as_of,known_at_seq,known_at_recorded,profile,filters,\
         ledger,format"
    );
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("張偉 =x|\u{1b},7,i,1,ff,2026-02-20,41,")
    );
    assert!(
        lines
            .next()
            .unwrap()
            .starts_with("'=Ana,-12,,,,2026-02-20,41,")
    );
}

#[test]
fn the_heading_of_csv_does_not_depend_on_the_rows() {
    let heading = |reply: &Reply| {
        let mut out = Vec::new();
        write(reply, OutputFormat::Csv, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines().next().unwrap().to_owned()
    };
    let whole = Reply::at(reply().meta, [Column::text("person")]);
    let expect = "person,as_of,known_at_seq,known_at_recorded,profile,filters,head_size,head_root,\
                  ledger,format";
    assert_eq!(heading(&whole), expect);
}

#[test]
fn markdown_escapes_what_would_break_its_table() {
    let md = written(OutputFormat::Md);
    assert!(
        md.contains("| person | days | head seq | head root |\n|---|--:|---|---|\n"),
        "{md}"
    );
    assert!(md.contains("| 張偉 =x\\|\\\\u{1b} | 7 | 1 | ff |"), "{md}");
}

#[test]
fn a_record_shows_one_cell_on_a_line_and_no_empty_ones() {
    let columns = [
        Column::text("entry"),
        Column::text("replaced_by"),
        Column::text("kind"),
    ];
    let mut reply = Reply::new(Meta::default(), columns).into_record();
    reply.push(vec![Cell::text("e7"), Cell::Empty, Cell::text("arrest")]);
    let mut out = Vec::new();
    write(&reply, OutputFormat::Table, &mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "entry  e7\nkind   arrest\n"
    );
}

/// The rows of an answer, each as a part of its own.
fn in_parts(whole: &Reply, format: OutputFormat) -> String {
    let (mut written, mut out) = (Written::default(), Vec::new());
    let parts = whole.rows.iter().map(|row| Reply {
        rows: vec![row.clone()],
        ..whole.clone()
    });
    for part in parts {
        written.part(&part, format, &mut out).unwrap();
    }
    written.end(format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn rows_that_come_in_parts_are_written_as_if_they_had_come_at_once() {
    let mut whole = reply();
    whole.rows.clear();
    for (name, days) in [("張偉 Demo", 1200), ("=Ana", -12), ("", 7)] {
        whole.push(vec![Cell::text(name), Cell::Number(days), Cell::text("i")]);
    }
    for format in [
        OutputFormat::Table,
        OutputFormat::Md,
        OutputFormat::Json,
        OutputFormat::Jsonl,
        OutputFormat::Csv,
    ] {
        let mut out = Vec::new();
        write(&whole, format, &mut out).unwrap();
        let at_once = String::from_utf8(out).unwrap();
        assert_eq!(in_parts(&whole, format), at_once, "{format:?}");
        let record = whole.clone().into_record();
        let mut out = Vec::new();
        write(&record, format, &mut out).unwrap();
        let at_once = String::from_utf8(out).unwrap();
        assert_eq!(in_parts(&record, format), at_once, "{format:?}");
    }
    // A wider cell that comes later widens its column from there on.
    whole.push(vec![Cell::text("a name longer than all"), Cell::Number(1)]);
    let table = in_parts(&whole, OutputFormat::Table);
    let last = table.lines().last().unwrap();
    assert!(last.starts_with("a name longer than all     1"), "{last:?}");
}

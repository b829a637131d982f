//! The sled folder lost, damaged, stale or of another ledger: the same answers, and it is said.
//!
//! `AMPARO_FLIPS` sets how many single bytes are flipped.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::folders;
use super::harness::{Bench, Run, fixture};
use super::model::setting;
use amparo_model::random::Random;

const FLIPS: u64 = 18;
/// What every rebuilding says.
const REBUILT: &str = "the sled store is built again from the journal, and nothing is lost";
/// What every catching up says.
const BEHIND: &str = "the sled store was behind, and takes";

/// A ledger with a long enough log that sled holds bundles beside single entries, a copy of it,
/// and what it answers.
struct Sound {
    bench: Bench,
    /// The sled folder before the last import.
    stale: PathBuf,
    whole: PathBuf,
    answers: [String; 3],
}

/// The questions whose answers stay the same.
const QUESTIONS: [&[&str]; 3] = [
    &["totals", "--as-of", "2026-02-09", "-O", "json"],
    &["export", "--openings"],
    &["person", "list", "-O", "json"],
];

impl Sound {
    fn new() -> Self {
        let bench = Bench::demo();
        let notes: String = (0..600).map(note).collect();
        bench.ok(&["import", &bench.file("notes.jsonl", notes)]);
        let stale = bench.path().join("stale");
        folders::copy(&bench.ledger().join("sled"), &stale);
        bench.ok(&["import", &bench.file("last.jsonl", note(600) + &note(601))]);
        let whole = bench.path().join("whole");
        folders::copy(&bench.ledger(), &whole);
        let answers = QUESTIONS.map(|question| bench.ok(question).out);
        Self {
            bench,
            stale,
            whole,
            answers,
        }
    }

    /// Puts everything back, and damages the sled folder.
    fn damaged(&self, damage: impl FnOnce(&Path)) {
        folders::replace(&self.bench.ledger(), &self.whole);
        damage(&self.bench.ledger().join("sled"));
    }

    /// The answers, of which the first also gives what was said; and that all is sound then.
    fn answers_as_before(&self, what: &str) -> Run {
        let [first, rest @ ..] = QUESTIONS;
        let run = self.bench.run(first);
        assert_eq!(run.code, 0, "{what}\n{}", run.err);
        assert_eq!(run.out, self.answers[0], "{what}");
        for (question, answer) in rest.iter().zip(&self.answers[1..]) {
            assert_eq!(self.bench.run(question).out, *answer, "{what}");
        }
        let verified = self.bench.run(&["verify"]);
        assert_eq!(verified.code, 0, "{what}\n{}{}", verified.out, verified.err);
        run
    }
}

fn note(n: usize) -> String {
    format!("{{\"kind\":\"note\",\"text\":\"note {n}\",\"unsourced\":true}}\n")
}

/// Something done to a sled folder.
type Harm<'h> = &'h dyn Fn(&Path);

#[test]
fn a_sled_folder_that_is_lost_or_garbage_is_built_again_with_a_notice() {
    let sound = Sound::new();
    // Randomness follows the clock: one run later, another ledger.
    let other = Bench::empty();
    other.run(&["vocab", "kinds"]);
    let init = [
        "init",
        "ledger",
        "--name",
        "Other",
        "--tz",
        "UTC",
        "--recorder",
        "desk",
    ];
    assert_eq!(other.run(&init).code, 0);
    let import = ["-L", "ledger", "import", &fixture("demo-small.jsonl")];
    assert_eq!(other.run(&import).code, 0);
    let overwrite = |sled: &Path, content: &[u8]| {
        for file in folders::files(sled) {
            fs::write(file, content).unwrap();
        }
    };
    let damages: [(&str, Harm); 8] = [
        ("deleted", &|sled| folders::remove(sled)),
        ("emptied", &|sled| {
            folders::remove(sled);
            fs::create_dir(sled).unwrap();
        }),
        ("a file", &|sled| {
            folders::remove(sled);
            fs::write(sled, "garbage").unwrap();
        }),
        ("all files garbage", &|sled| overwrite(sled, b"garbage")),
        ("all files empty", &|sled| overwrite(sled, b"")),
        ("long garbage", &|sled| overwrite(sled, &[0xa5; 600_000])),
        ("the database cut", &|sled| {
            let path = folders::only(&sled.join("desk"), "/db");
            let database = fs::File::options().write(true).open(path).unwrap();
            let length = database.metadata().unwrap().len();
            database.set_len(length / 16).unwrap();
        }),
        ("of another ledger", &|sled| {
            folders::replace(sled, &other.ledger().join("sled"));
        }),
    ];
    for (what, damage) in damages {
        sound.damaged(damage);
        let run = sound.answers_as_before(what);
        assert!(run.err.contains(REBUILT), "{what}\n{}", run.err);
        let run = sound.bench.run(QUESTIONS[0]);
        assert_eq!(run.err, "", "{what}: built again a second time");
    }
}

#[test]
fn a_stale_sled_folder_catches_up_and_says_so_once() {
    let sound = Sound::new();
    sound.damaged(|sled| folders::replace(sled, &sound.stale));
    let run = sound.answers_as_before("stale");
    assert_eq!(run.err.matches(BEHIND).count(), 1, "{}", run.err);
    assert!(run.err.contains(" takes 2 of "), "{}", run.err);
    assert_eq!(sound.bench.run(QUESTIONS[0]).err, "", "said a second time");
    // And also where the next command is a writer.
    sound.damaged(|sled| folders::replace(sled, &sound.stale));
    let before = sound.answers[1].lines().count();
    let note = ["append", "note", "--text", "x", "--unsourced"];
    let run = sound.bench.ok(&note);
    assert!(run.err.contains(BEHIND), "{}", run.err);
    let run = sound
        .bench
        .ok(&note.map(|word| if word == "x" { "y" } else { word }));
    assert!(!run.err.contains(BEHIND), "{}", run.err);
    let export = sound.bench.ok(QUESTIONS[1]).out;
    assert!(export.starts_with(&sound.answers[1]));
    assert_eq!(export.lines().count(), before + 2);
}

#[test]
fn a_flipped_byte_in_the_sled_folder_changes_no_answer() {
    let sound = Sound::new();
    let mut random = Random::new(1);
    let flips = setting("AMPARO_FLIPS").unwrap_or(FLIPS);
    let mut rebuilt = 0;
    for n in 0..flips {
        let mut what = String::new();
        sound.damaged(|sled| what = flip(&mut random, sled, n));
        let run = sound.answers_as_before(&what);
        // A change may also take sled back to an older state of its own.
        let is_told = run.err.contains(REBUILT) || run.err.contains(BEHIND);
        rebuilt += u64::from(is_told);
        assert!(run.err.is_empty() || is_told, "{}", run.err);
    }
    println!("{flips} bytes flipped, {rebuilt} times built again");
    assert!(rebuilt > flips / 2, "hardly any byte mattered");
}

/// Flips a byte of one of the files: the database and its snapshot in turns, where it holds
/// something.
fn flip(random: &mut Random, sled: &Path, n: u64) -> String {
    let files = folders::files(sled);
    let file = &files[n as usize % files.len()];
    let mut content = fs::read(file).unwrap();
    let used: Vec<_> = (0..content.len()).filter(|at| content[*at] != 0).collect();
    let at = *random.pick(&used);
    content[at] ^= 1 << random.below(8);
    fs::write(file, content).unwrap();
    format!(
        "byte {at} of {}",
        file.strip_prefix(sled).unwrap().display()
    )
}

/// The user that owns nothing.
#[cfg(unix)]
const NOBODY: u32 = 65_534;

#[cfg(unix)]
#[test]
fn a_copy_that_cannot_be_written_is_read_verified_and_exported() {
    use std::os::unix::fs::PermissionsExt as _;
    let sound = Sound::new();
    let program = Reader::new(&sound.bench);
    for with_sled in [true, false] {
        sound.damaged(|sled| {
            if !with_sled {
                folders::remove(sled);
            }
        });
        let ledger = sound.bench.ledger();
        let rights = |mode| fs::Permissions::from_mode(mode);
        for file in folders::files(&ledger) {
            fs::set_permissions(&file, rights(0o444)).unwrap();
        }
        for folder in folders::folders(&ledger).iter().rev() {
            fs::set_permissions(folder, rights(0o555)).unwrap();
        }
        let before = contents(&ledger);
        for (question, answer) in QUESTIONS.iter().zip(&sound.answers) {
            let Some(run) = program.run(&sound.bench, question) else {
                println!("skipped: nobody here is kept from writing");
                return;
            };
            assert_eq!(run.out, *answer, "{}", run.err);
            assert!(run.err.contains("cannot be written"), "{}", run.err);
        }
        let verified = program.run(&sound.bench, &["verify"]).unwrap();
        assert_eq!(verified.code, 0, "{}{}", verified.out, verified.err);
        let write = ["append", "note", "--text", "x", "--unsourced"];
        let run = program.run(&sound.bench, &write).unwrap();
        assert!(run.code != 0 && run.out.is_empty(), "{run:?}");
        assert_eq!(contents(&ledger), before);
    }
}

/// The program run by somebody who may read the ledger and not write to it: root may do anything,
/// so root hands over to nobody.
#[cfg(unix)]
struct Reader {
    program: PathBuf,
    is_root: bool,
}

#[cfg(unix)]
impl Reader {
    fn new(bench: &Bench) -> Self {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        let is_root = fs::metadata(bench.path()).unwrap().uid() == 0;
        // The build folder may be closed to nobody.
        let program = bench.path().join("amparo-at");
        fs::copy(bench.command(&[]).get_program(), &program).unwrap();
        let open = || fs::Permissions::from_mode(0o755);
        fs::set_permissions(&program, open()).unwrap();
        fs::set_permissions(bench.path(), open()).unwrap();
        Self { program, is_root }
    }

    /// Runs the program; none if whoever runs it can write all the same.
    fn run(&self, bench: &Bench, args: &[&str]) -> Option<Run> {
        use std::os::unix::process::CommandExt as _;
        let as_reader = |mut command: Command| {
            if self.is_root {
                command.uid(NOBODY).gid(NOBODY);
            }
            command.current_dir(bench.path()).output()
        };
        let mut touch = Command::new("touch");
        touch.arg(bench.ledger().join("touched"));
        if as_reader(touch).ok()?.status.success() {
            return None;
        }
        let given = bench.command(args);
        let mut command = Command::new(&self.program);
        command.args(given.get_args()).env_clear();
        command.envs(
            given
                .get_envs()
                .filter_map(|(key, value)| Some((key, value?))),
        );
        Some(Run::from(as_reader(command).ok()?))
    }
}

/// Every file of a folder with its content.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = folders::files(folder).into_iter();
    files
        .map(|path| {
            let content = fs::read(&path).unwrap();
            (path, content)
        })
        .collect()
}

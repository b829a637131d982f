//! Public vectors of other projects, where a folder `shared/vectors` stands beside the
//! workspace. They are not part of this repository: without them these tests say so and pass.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(
    clippy::print_stderr,
    reason = "a skipped test must say that it checked nothing"
)]

use std::fs;
use std::path::PathBuf;

use amparo_tlog::bundle::read_bundle;
use amparo_tlog::checkpoint::{Checkpoint, SignedCheckpoint};
use amparo_tlog::key::{KeyId, VerifierKey};
use amparo_tlog::merkle::{EMPTY_ROOT, Frontier, Hash, leaf_hash, node_hash};
use amparo_tlog::note::{Note, VerifyNoteError};
use amparo_tlog::policy::{ParsePolicyError, Policy, PolicyFault};
use amparo_tlog::proof::{LogProof, ParseLogProofError};
use amparo_tlog::reader::TreeReader;
use amparo_tlog::signature::Signature;
use amparo_tlog::tile::{BundleId, TileId, changed_tiles};
use amparo_tlog::{append, consistency, inclusion};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The folder of the vectors. The variable is read when the test runs, so that it can be pointed
/// at another checkout.
fn folder() -> Option<PathBuf> {
    let manifest = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let vectors = PathBuf::from(manifest).join("../../../shared/vectors");
    if vectors.is_dir() {
        return Some(vectors);
    }
    eprintln!("skipped: there is no {}", vectors.display());
    None
}

fn vectors(file: &str) -> Option<Value> {
    let text = fs::read_to_string(folder()?.join(file)).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn bytes(base64: &Value) -> Vec<u8> {
    STANDARD.decode(text(base64)).unwrap()
}

/// A hash in base64; nothing when it has another length than a hash.
fn hash(base64: &Value) -> Option<Hash> {
    Some(Hash::from_bytes(bytes(base64).try_into().ok()?))
}

fn hashes(list: &Value) -> Option<Vec<Hash>> {
    list.as_array()
        .map_or(Some(Vec::new()), |list| list.iter().map(hash).collect())
}

fn hex(value: &Value) -> Vec<u8> {
    let digits = text(value).as_bytes();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn the_example_tree_of_rfc_6962() {
    let Some(file) = vectors("rfc6962_tree.json") else {
        return;
    };
    assert_eq!(text(&file["empty_root_hex"]), EMPTY_ROOT.to_string());
    let mut tree = Frontier::new();
    let mut level: Vec<Hash> = Vec::new();
    for (input, root) in items(&file["leaf_inputs_hex"])
        .iter()
        .zip(items(&file["root_hashes_size_1_to_8_hex"]))
    {
        let leaf = leaf_hash(&hex(input));
        level.push(leaf);
        tree.push(leaf);
        assert_eq!(tree.root(), text(root).parse().unwrap());
    }
    let mut nodes: Vec<String> = Vec::new();
    while !level.is_empty() {
        nodes.extend(level.iter().map(Hash::to_string));
        level = level
            .chunks_exact(2)
            .map(|pair| node_hash(pair[0], pair[1]))
            .collect();
    }
    let expected: Vec<&str> = items(&file["node_hashes_level_order_hex"])
        .iter()
        .map(text)
        .collect();
    assert_eq!(
        (nodes.len(), nodes),
        (15, expected.iter().map(|hash| hash.to_string()).collect())
    );
}

#[test]
fn the_inclusion_proofs_of_transparency_dev() {
    let Some(file) = vectors("rfc6962_inclusion.json") else {
        return;
    };
    let (mut accepted, mut refused) = (0, 0);
    for (name, case) in file["vectors"].as_object().unwrap() {
        let (index, size) = (number(&case["leafIdx"]), number(&case["treeSize"]));
        let parts = (
            hash(&case["leafHash"]),
            hash(&case["root"]),
            hashes(&case["proof"]),
        );
        let good = match parts {
            (Some(leaf), Some(root), Some(proof)) => {
                inclusion::verify(leaf, index, size, &proof, root).is_ok()
            }
            _ => false,
        };
        assert_eq!(good, !case["wantErr"].as_bool().unwrap(), "{name}");
        if good { accepted += 1 } else { refused += 1 }
    }
    assert_eq!((accepted, refused), (6, 92));
}

#[test]
fn the_consistency_proofs_of_transparency_dev() {
    let Some(file) = vectors("rfc6962_consistency.json") else {
        return;
    };
    let (mut accepted, mut refused) = (0, 0);
    for (name, case) in file["vectors"].as_object().unwrap() {
        // Equal sizes, and roots that are words of 12 bytes: no such roots can be written here.
        if name.ends_with("sizes-are-equal-one-and-proof-is-empty") {
            assert_eq!((hash(&case["root1"]), hash(&case["root2"])), (None, None));
            continue;
        }
        let (old, new) = (number(&case["size1"]), number(&case["size2"]));
        let parts = (
            hash(&case["root1"]),
            hash(&case["root2"]),
            hashes(&case["proof"]),
        );
        let good = match parts {
            (Some(old_root), Some(new_root), Some(proof)) => {
                consistency::verify(old, new, old_root, new_root, &proof).is_ok()
            }
            _ => false,
        };
        assert_eq!(good, !case["wantErr"].as_bool().unwrap(), "{name}");
        if good { accepted += 1 } else { refused += 1 }
    }
    assert_eq!((accepted, refused), (5, 92));
}

#[test]
fn the_proofs_of_a_real_certificate_log() {
    let Some(file) = vectors("ct_argon2020.json") else {
        return;
    };
    let (size, root) = (number(&file["tree_size"]), hash(&file["root"]).unwrap());
    let leaf = leaf_hash(&bytes(&file["leaf_input_b64"]));
    let path = hashes(&file["inclusion"]).unwrap();
    let index = number(&file["leaf_index"]);
    assert_eq!(inclusion::verify(leaf, index, size, &path, root), Ok(()));
    assert!(inclusion::verify(leaf, index + 1, size, &path, root).is_err());

    let (old, old_root) = (
        number(&file["consistency_from"]),
        hash(&file["consistency_old_root"]),
    );
    let path = hashes(&file["consistency"]).unwrap();
    assert_eq!(
        consistency::verify(old, size, old_root.unwrap(), root, &path),
        Ok(())
    );
}

#[test]
fn the_trees_of_the_go_checksum_database_code() {
    let Some(file) = vectors("go_sumdb_tlog_generated.json") else {
        return;
    };
    let leaf = |index: u64| leaf_hash(index.to_string().as_bytes());
    let leaves: Vec<Hash> = (0..70_000).map(leaf).collect();
    let tiles = append::append_tiles(0, &leaves, |_| None).unwrap();
    let mut reader = TreeReader::new(70_000, |id| {
        tiles
            .iter()
            .find(|tile| tile.id() == id)
            .map(|tile| tile.bytes().to_vec())
    });
    let roots = file["roots"].as_object().unwrap();
    for (size, root) in roots {
        assert_eq!(
            reader.root(size.parse().unwrap()).ok(),
            hash(root),
            "root of {size}"
        );
    }
    for case in items(&file["inclusion"]) {
        let (size, index) = (number(&case["size"]), number(&case["m"]));
        let proof = reader.prove_inclusion(index, size).unwrap();
        assert_eq!(
            Some(&proof),
            hashes(&case["proof"]).as_ref(),
            "{index} of {size}"
        );
        let root = reader.root(size).unwrap();
        assert_eq!(
            inclusion::verify(leaf(index), index, size, &proof, root),
            Ok(())
        );
    }
    for case in items(&file["consistency"]) {
        let (new, old) = (number(&case["size"]), number(&case["m"]));
        let proof = reader.prove_consistency(old, new).unwrap();
        assert_eq!(
            Some(&proof),
            hashes(&case["proof"]).as_ref(),
            "{old} to {new}"
        );
        let (old_root, new_root) = (reader.root(old).unwrap(), reader.root(new).unwrap());
        assert_eq!(
            consistency::verify(old, new, old_root, new_root, &proof),
            Ok(())
        );
    }
    let counts = [
        roots.len(),
        items(&file["inclusion"]).len(),
        items(&file["consistency"]).len(),
    ];
    assert_eq!(counts, [608, 24, 20]);
}

#[test]
fn the_log_of_tessera() {
    let Some(folder) = folder() else { return };
    let folder = folder.join("tessera_testdata_log");
    let readme = fs::read_to_string(folder.join("README")).unwrap();
    let key: VerifierKey = readme
        .lines()
        .find_map(|line| line.strip_prefix("verifier key: "))
        .unwrap()
        .parse()
        .unwrap();
    let policy = Policy::of_log(key).unwrap();
    let mut older =
        SignedCheckpoint::parse(&fs::read(folder.join("checkpoint.0")).unwrap()).unwrap();
    for size in 0..=15 {
        let file = fs::read(folder.join(format!("checkpoint.{size}"))).unwrap();
        let signed = SignedCheckpoint::parse(&file).unwrap();
        assert_eq!(signed.to_string().into_bytes(), file);
        assert!(policy.assess(&signed).unwrap().is_accepted());
        let head = signed.checkpoint().head();
        assert_eq!(head.size(), size);

        let mut reader = TreeReader::new(size, |id| fs::read(folder.join(id.to_string())).ok());
        assert_eq!(reader.root(size), Ok(head.root()));
        let old = older.checkpoint().head();
        let proof = reader.prove_consistency(old.size(), size).unwrap();
        assert_eq!(
            consistency::verify(old.size(), size, old.root(), head.root(), &proof),
            Ok(())
        );
        if let Some(width) = u16::try_from(size).ok().filter(|width| *width > 0) {
            let path = BundleId::new(0, width).unwrap().to_string();
            let bundle = fs::read(folder.join(path)).unwrap();
            let entries = read_bundle(&bundle).unwrap();
            assert_eq!(entries.len() as u64, size);
            for (index, entry) in (0..).zip(entries) {
                assert_eq!(reader.leaf(index), Ok(leaf_hash(entry)));
            }
        }
        older = signed;
    }
}

#[test]
fn the_notes_of_go_and_c2sp() {
    let Some(file) = vectors("signed_note.json") else {
        return;
    };
    for case in items(&file["cases"]) {
        let keys: Vec<VerifierKey> = items(&case["vkeys"])
            .iter()
            .map(|key| text(key).parse().unwrap())
            .collect();
        let (note, want) = (text(&case["note"]), text(&case["want"]));
        let parsed = Note::parse(note.as_bytes());
        match want.split(' ').next().unwrap() {
            "ok" => {
                let note = parsed.unwrap();
                let verified = number(&case["verified"]) as usize;
                let unverified = number(&case["unverified"]) as usize;
                assert_eq!(note.verify(&keys).map(|signed| signed.len()), Ok(verified));
                assert_eq!(note.signatures().len(), verified + unverified);
                assert_eq!(note.to_string(), text(&case["note"]));
            }
            "no" => assert_eq!(
                parsed.unwrap().verify(&keys),
                Err(VerifyNoteError::NoKnownSignature)
            ),
            "invalid" => {
                let refused = parsed.unwrap().verify(&keys);
                assert!(
                    matches!(refused, Err(VerifyNoteError::Bad(_))),
                    "{refused:?}"
                );
            }
            "malformed" => assert!(parsed.is_err(), "{note}"),
            other => unreachable!("an outcome named {other}"),
        }
    }
    for case in items(&file["bad_vkeys"]) {
        assert!(
            text(&case["vkey"]).parse::<VerifierKey>().is_err(),
            "{}",
            case["why"]
        );
    }
    assert_eq!(
        (items(&file["cases"]).len(), items(&file["bad_vkeys"]).len()),
        (12, 2)
    );
}

#[test]
fn the_checkpoints_of_transparency_dev() {
    let Some(file) = vectors("checkpoint_parse.json") else {
        return;
    };
    for case in items(&file["cases"]) {
        let parsed = Checkpoint::parse(text(&case["text"]));
        // The cases that the Go parser takes have roots that are no hashes of 32 bytes, which
        // the specification does not.
        assert!(parsed.is_err(), "{}", case["desc"]);
    }
    assert_eq!(items(&file["cases"]).len(), 12);

    let rome = &file["rome_static_ct_checkpoint"];
    let signed = SignedCheckpoint::parse(text(&rome["text"]).as_bytes()).unwrap();
    assert_eq!(signed.checkpoint().head().size(), 115_474_666);
    assert!(text(&rome["vkey"]).parse::<VerifierKey>().is_err());
    assert_eq!(
        signed.note().verify([]),
        Err(VerifyNoteError::NoKnownSignature)
    );

    let go = text(&file["go_sumdb_tree"]["text"]);
    let read = Checkpoint::parse(go).unwrap();
    assert_eq!(
        (read.to_string().as_str(), read.head().size()),
        (go, 123_456_789_012)
    );
}

#[test]
fn the_examples_of_c2sp() {
    let Some(file) = vectors("c2sp_examples.json") else {
        return;
    };
    let framing = &file["cosignature_framing"];
    let line: Signature = Signature::parse(text(&framing["line"]).trim_end()).unwrap();
    let key_id: KeyId = line.id();
    assert_eq!(key_id.to_string(), text(&framing["key_id_hex"]));
    let (time, signature) = line.bytes().split_first_chunk().unwrap();
    assert_eq!(
        (u64::from_be_bytes(*time), signature.len()),
        (number(&framing["timestamp"]), 64)
    );
    let body = text(&framing["checkpoint"]);
    assert_eq!(Checkpoint::parse(body).unwrap().to_string(), body);

    for case in items(&file["tile_paths"]) {
        let level = number(&case["level"]) as u8;
        let id = TileId::new(level, number(&case["index"]), number(&case["width"]) as u16).unwrap();
        assert_eq!(id.to_string(), text(&case["path"]));
        assert_eq!(text(&case["path"]).parse(), Ok(id));
    }
    for case in items(&file["tile_geometry"]) {
        for (level, expected) in case["tiles"].as_object().unwrap() {
            let level: u8 = level.parse().unwrap();
            let tiles = changed_tiles(0, number(&case["size"])).filter(|id| id.level() == level);
            let (full, partial): (Vec<TileId>, Vec<TileId>) = tiles.partition(TileId::is_full);
            assert_eq!(full.len() as u64, number(&expected["full"]));
            let width = partial.first().map_or(0, TileId::width);
            assert_eq!(
                (u64::from(width), partial.len() <= 1),
                (number(&expected["partial"]), true)
            );
        }
    }
    let refused = items(&file["tlog_proof_must_reject"]["cases"]);
    assert_eq!(refused.len(), 7);
    for case in refused {
        let error = LogProof::parse(text(case).as_bytes()).unwrap_err();
        let of_form = !matches!(error, ParseLogProofError::Checkpoint(_));
        assert!(of_form, "refused only for its checkpoint: {case}");
    }
}

#[test]
fn the_policies_of_transparency_dev() {
    let Some(file) = vectors("tlog_policy.json") else {
        return;
    };
    let refused = items(&file["reject"]);
    assert_eq!(refused.len(), 6);
    for case in refused {
        assert!(
            Policy::parse(text(&case["policy"]).as_bytes()).is_err(),
            "{}",
            case["error"]
        );
    }
    // That parser is older than the specification: it takes keys of type 0x01 for witnesses,
    // the same key several times, and comments behind other items.
    let older = items(&file["accept"]);
    assert_eq!(older.len(), 5);
    for case in older {
        let outcome = Policy::parse(text(&case["policy"]).as_bytes());
        let Err(ParsePolicyError { fault, .. }) = outcome else {
            unreachable!("a policy with a witness of type 0x01 was taken");
        };
        assert!(
            matches!(fault, PolicyFault::WitnessKind | PolicyFault::Items { .. }),
            "{fault}"
        );
    }
}

//! Files from an enemy: nothing panics, nothing false is accepted, nothing has two spellings.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use amparo_tlog::bundle::{read_bundle, write_bundle};
use amparo_tlog::checkpoint::{Checkpoint, SignedCheckpoint, TreeHead};
use amparo_tlog::cosignature::{Cosigner, Timestamp};
use amparo_tlog::key::VerifierKey;
use amparo_tlog::merkle::{Frontier, Hash, leaf_hash};
use amparo_tlog::note::{Note, NoteSigner};
use amparo_tlog::origin::Origin;
use amparo_tlog::policy::{Level, Policy};
use amparo_tlog::proof::LogProof;
use amparo_tlog::reader::TreeReader;
use amparo_tlog::tile::{BundleId, TileId};
use amparo_tlog::witness::{AddCheckpoint, decide};
use amparo_tlog::{append, inclusion};
use proptest::prelude::*;

fn log() -> NoteSigner {
    NoteSigner::from_seed("example.com/ledger".parse().unwrap(), &[1; 32])
}

fn witness(seed: u8) -> Cosigner {
    Cosigner::from_seed(
        format!("witness.example/{seed}").parse().unwrap(),
        &[seed; 32],
    )
}

fn leaves() -> Vec<Hash> {
    (0..300u32).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

fn tile(id: TileId) -> Option<Vec<u8>> {
    let tiles = append::append_tiles(0, &leaves(), |_| None).ok()?;
    tiles
        .into_iter()
        .find(|tile| tile.id() == id)
        .map(append::Tile::into_bytes)
}

fn policy_file() -> String {
    let mut text = format!("log {}\n", log().verifier_key());
    for seed in [2, 3] {
        text += &format!("witness w{seed} {}\n", witness(seed).verifier_key());
    }
    text + "group both all w2 w3\nquorum both\n"
}

fn request() -> AddCheckpoint {
    let mut frontier = Frontier::new();
    leaves().into_iter().for_each(|leaf| frontier.push(leaf));
    let body = Checkpoint::new(Origin::from(log().name()), TreeHead::from(&frontier));
    AddCheckpoint::new(0, vec![], SignedCheckpoint::sign(body, &log()).unwrap()).unwrap()
}

fn proof() -> LogProof {
    let (request, keys) = (request(), [log().verifier_key()]);
    let mut checkpoint = request.checkpoint().clone();
    for seed in [2, 3] {
        let time = Timestamp::from_unix_seconds(1_771_000_000).unwrap();
        checkpoint
            .add(
                decide(&request, &keys, None)
                    .unwrap()
                    .cosign(&witness(seed), time),
            )
            .unwrap();
    }
    let path = TreeReader::new(300, tile)
        .prove_inclusion(270, 300)
        .unwrap();
    LogProof::new(270, path, checkpoint, None).unwrap()
}

#[test]
fn every_flipped_bit_of_a_proof_file_is_noticed() {
    let policy = Policy::parse(policy_file().as_bytes()).unwrap();
    let (file, leaf) = (proof().to_string(), leaves()[270]);
    let check = |bytes: &[u8]| {
        LogProof::parse(bytes)
            .ok()
            .is_some_and(|proof| proof.verify(leaf, &policy).is_ok())
    };
    assert!(check(file.as_bytes()));
    let level = proof().verify(leaf, &policy).unwrap().level();
    assert_eq!(
        level,
        Level::Cosigned {
            witnesses: 2,
            of: 2
        }
    );
    for at in 0..file.len() {
        for bit in 0..8 {
            let mut changed = file.clone().into_bytes();
            changed[at] ^= 1 << bit;
            assert!(!check(&changed), "bit {bit} of byte {at}");
        }
    }
    for len in 0..file.len() {
        assert!(!check(&file.as_bytes()[..len]), "cut at {len}");
    }
}

/// Some bytes of a file removed, and others put in their place.
fn damaged(file: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..4),
        Just(b"\n".to_vec()),
        Just(b"\n\n".to_vec()),
        Just(b"=".to_vec()),
        Just(b"99999999999999999999".to_vec()),
        Just("\u{2014} ".as_bytes().to_vec()),
    ];
    (any::<prop::sample::Index>(), 0..3usize, piece).prop_map(move |(at, removed, piece)| {
        let at = at.index(file.len() + 1);
        let end = (at + removed).min(file.len());
        [&file[..at], &piece, &file[end..]].concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn what_is_read_prints_as_the_same_bytes(
        proof in damaged(proof().to_string().into_bytes()),
        request in damaged(request().to_string().into_bytes()),
        key in damaged(log().verifier_key().to_string().into_bytes()),
    ) {
        if let Ok(read) = LogProof::parse(&proof) {
            prop_assert_eq!(read.to_string().into_bytes(), proof);
        }
        if let Ok(read) = AddCheckpoint::parse(&request) {
            prop_assert_eq!(read.to_string().into_bytes(), request.clone());
        }
        if let Ok(read) = Note::parse(&request) {
            prop_assert_eq!(read.to_string().into_bytes(), request);
        }
        if let Ok(text) = String::from_utf8(key)
            && let Ok(read) = text.parse::<VerifierKey>()
        {
            prop_assert_eq!(read.to_string(), text);
        }
    }

    #[test]
    fn tile_paths_have_one_spelling(text in r"tile/([0-9]{1,2}|entries)/(x?[0-9]{1,4}/){0,3}[0-9]{2,3}(\.p/[0-9]{1,3})?") {
        if let Ok(id) = text.parse::<TileId>() {
            prop_assert_eq!(id.to_string(), text.clone());
        }
        if let Ok(id) = text.parse::<BundleId>() {
            prop_assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn bytes_of_any_kind_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(frontier) = Frontier::from_bytes(&bytes) {
            prop_assert_eq!(frontier.to_bytes(), bytes.clone());
            let mut longer = frontier.clone();
            longer.push(longer.root());
            prop_assert_eq!(longer.size(), frontier.size() + 1);
        }
        if let Ok(entries) = read_bundle(&bytes) {
            prop_assert_eq!(write_bundle(entries), Ok(bytes.clone()));
        }
        prop_assert!(LogProof::parse(&bytes).is_err());
        prop_assert!(AddCheckpoint::parse(&bytes).is_err());
        prop_assert!(Policy::parse(&bytes).is_err());
    }

    #[test]
    fn a_damaged_policy_is_refused_or_still_a_policy(bytes in damaged(policy_file().into_bytes())) {
        if let Ok(policy) = Policy::parse(&bytes) {
            prop_assert!(policy.witness_count() <= 2);
            prop_assert!(policy.logs().len() <= 1);
        }
    }

    #[test]
    fn no_numbers_break_the_verifiers(index: u64, size: u64, len in 0..70usize) {
        let proof = vec![leaf_hash(b"x"); len];
        let root = leaf_hash(b"root");
        prop_assert!(inclusion::verify(root, index, size, &proof, root).is_err() || size == 1);
        let grown = amparo_tlog::consistency::verify(index, size, root, root, &proof);
        prop_assert!(grown.is_err() || index == size);
    }
}

//! Our trees, proofs, tile names and notes against those of three independent libraries.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use amparo_tlog::append::append_tiles;
use amparo_tlog::key::KeyKind;
use amparo_tlog::merkle::{Hash, leaf_hash};
use amparo_tlog::note::{Note, NoteSigner};
use amparo_tlog::reader::TreeReader;
use amparo_tlog::tile::{TileId, changed_tiles};
use amparo_tlog::{consistency, inclusion};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2::Sha256;
use signed_note::{StandardSigner, StandardVerifier, VerifierList};
use tlog_tiles::tlog;

const TOTAL: u64 = 66_100;

fn entry(index: u64) -> String {
    format!("entry {index}")
}

/// Numbers that look random and are the same in every run (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    /// A size from 1 to `TOTAL`: near an edge of the tiles, small, or any.
    fn size(&mut self) -> u64 {
        let near = match self.below(5) {
            0 => 256 + self.below(7) - 3,
            1 => 65_536 + self.below(7) - 3,
            2 => 256 * (1 + self.below(257)) + self.below(3) - 1,
            3 => 1 + self.below(300),
            _ => 1 + self.below(TOTAL),
        };
        near.clamp(1, TOTAL)
    }
}

type Stored = BTreeMap<(u8, u64), Vec<u8>>;

fn our_tiles() -> Stored {
    let leaves: Vec<Hash> = (0..TOTAL).map(|n| leaf_hash(entry(n).as_bytes())).collect();
    append_tiles(0, &leaves, |_| None)
        .unwrap()
        .into_iter()
        .map(|tile| ((tile.id().level(), tile.id().index()), tile.into_bytes()))
        .collect()
}

fn reader(tiles: &Stored) -> TreeReader<impl FnMut(TileId) -> Option<Vec<u8>>> {
    TreeReader::new(TOTAL, |id| tiles.get(&(id.level(), id.index())).cloned())
}

/// All hashes in the order of the Go checksum database.
struct GoOrder(Vec<tlog::Hash>);

impl tlog::HashReader for GoOrder {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        Ok(indexes
            .iter()
            .map(|index| self.0[*index as usize])
            .collect())
    }
}

fn theirs(hash: Hash) -> tlog::Hash {
    tlog::Hash(*hash.as_bytes())
}

fn ours(hashes: Vec<tlog::Hash>) -> Vec<Hash> {
    hashes
        .into_iter()
        .map(|hash| Hash::from_bytes(hash.0))
        .collect()
}

#[test]
fn roots_and_proofs_are_those_of_tlog_tiles() {
    let tiles = our_tiles();
    let mut go = GoOrder(Vec::new());
    for n in 0..TOTAL {
        let hash = theirs(leaf_hash(entry(n).as_bytes()));
        let more = tlog::stored_hashes_for_record_hash(n, hash, &go).unwrap();
        go.0.extend(more);
    }
    let (mut reader, mut numbers) = (reader(&tiles), Numbers(1));
    for _ in 0..3_000 {
        let (size, other) = (numbers.size(), numbers.size());
        let (old, new) = (size.min(other), size.max(other));
        let index = numbers.below(size);
        let root = reader.root(size).unwrap();
        assert_eq!(
            theirs(root),
            tlog::tree_hash(size, &go).unwrap(),
            "root of {size}"
        );

        let proof = reader.prove_inclusion(index, size).unwrap();
        assert_eq!(
            proof,
            ours(tlog::prove_record(size, index, &go).unwrap()),
            "{index} {size}"
        );
        let leaf = leaf_hash(entry(index).as_bytes());
        assert_eq!(inclusion::verify(leaf, index, size, &proof, root), Ok(()));

        let proof = reader.prove_consistency(old, new).unwrap();
        assert_eq!(
            proof,
            ours(tlog::prove_tree(new, old, &go).unwrap()),
            "{old} {new}"
        );
        let roots = (reader.root(old).unwrap(), reader.root(new).unwrap());
        assert_eq!(
            consistency::verify(old, new, roots.0, roots.1, &proof),
            Ok(())
        );
    }
}

#[test]
fn roots_and_proofs_are_those_of_ct_merkle() {
    let tiles = our_tiles();
    let (mut reader, mut numbers) = (reader(&tiles), Numbers(2));
    let mut stops: Vec<u64> = (0..150).map(|_| numbers.size()).collect();
    stops.extend([
        1, 2, 3, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, TOTAL,
    ]);
    stops.sort_unstable();
    stops.dedup();
    let mut tree = MemoryBackedTree::<Sha256, String>::new();
    let mut pairs = 0;
    for size in stops {
        (tree.len()..size).for_each(|n| tree.push(entry(n)));
        let root = reader.root(size).unwrap();
        assert_eq!(
            tree.root().as_bytes().as_slice(),
            root.as_ref(),
            "root of {size}"
        );
        for _ in 0..10 {
            let index = numbers.below(size);
            let proof = reader.prove_inclusion(index, size).unwrap();
            let expected = tree.prove_inclusion(index as usize);
            assert_eq!(bytes(&proof), expected.as_bytes(), "{index} {size}");
            let old = 1 + numbers.below(size);
            let proof = reader.prove_consistency(old, size).unwrap();
            let expected = tree.prove_consistency((size - old) as usize);
            assert_eq!(bytes(&proof), expected.as_bytes(), "{old} {size}");
            pairs += 2;
        }
    }
    assert!(pairs >= 2_000, "{pairs} pairs");
}

fn bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(Hash::as_bytes).copied().collect()
}

#[test]
fn the_verifiers_agree_with_tlog_tiles_on_changed_proofs() {
    let tiles = our_tiles();
    let (mut reader, mut numbers) = (reader(&tiles), Numbers(3));
    let mut refused = 0;
    for _ in 0..1_000 {
        let size = 1 + numbers.below(400);
        let index = numbers.below(size);
        let root = reader.root(size).unwrap();
        let leaf = leaf_hash(entry(index).as_bytes());
        let mut proof = reader.prove_inclusion(index, size).unwrap();
        let (mut claimed_index, mut claimed_size) = (index, size);
        match numbers.below(6) {
            0 => claimed_index = numbers.below(size),
            1 => claimed_size += numbers.below(3),
            2 => proof.push(leaf),
            3 => drop(proof.pop()),
            4 if proof.len() > 1 => {
                let last = proof.len() - 1;
                proof.swap(0, last);
            }
            _ => {}
        }
        let ours = inclusion::verify(leaf, claimed_index, claimed_size, &proof, root);
        let proof = proof.into_iter().map(theirs).collect();
        let go = tlog::check_record(
            &proof,
            claimed_size,
            theirs(root),
            claimed_index,
            theirs(leaf),
        );
        assert_eq!(
            ours.is_ok(),
            go.is_ok(),
            "{claimed_index} of {claimed_size}"
        );
        refused += usize::from(ours.is_err());
    }
    assert!((200..900).contains(&refused), "{refused} refused");
}

#[test]
fn tiles_are_named_as_in_tlog_tiles() {
    // That library writes the height into the path, as the Go checksum database does.
    let path = |tile: &tlog_tiles::Tile| tile.path().replacen("tile/8/", "tile/", 1);
    let mut numbers = Numbers(4);
    for _ in 0..1_000 {
        let (a, b) = (numbers.size(), numbers.size());
        let (old, new) = (a.min(b), a.max(b));
        let mut expected: Vec<String> = tlog_tiles::Tile::new_tiles(8, old, new)
            .iter()
            .map(path)
            .collect();
        let mut named: Vec<String> = changed_tiles(old, new)
            .map(|tile| tile.to_string())
            .collect();
        expected.sort();
        named.sort();
        assert_eq!(named, expected, "{old} {new}");
    }
}

#[test]
fn notes_pass_between_us_and_signed_note() {
    let seed = [5; 32];
    let ours = NoteSigner::from_seed("example.com/demo".parse().unwrap(), &seed);
    let key = ours.verifier_key();
    assert_eq!(key.kind(), KeyKind::Note);
    let secret = STANDARD.encode([&[1][..], &seed].concat());
    let secret = format!("PRIVATE+KEY+{}+{}+{secret}", key.name(), key.id());
    let theirs = StandardSigner::new(&secret).unwrap();
    let known = || {
        VerifierList::new(vec![Box::new(
            StandardVerifier::new(&key.to_string()).unwrap(),
        )])
    };
    for text in ["\n", "one\n", "one\n\ntwo\n", "sal\u{f3}n\n\n"] {
        let note = Note::sign(text, &ours).unwrap();
        let read = signed_note::Note::from_bytes(note.to_string().as_bytes()).unwrap();
        assert_eq!(read.text(), text.as_bytes());
        assert_eq!(read.verify(&known()).unwrap().0.len(), 1);

        let mut other = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
        other.add_sigs(&[&theirs]).unwrap();
        // Ed25519 signatures are deterministic.
        assert_eq!(other.to_bytes(), note.to_string().into_bytes());
        let read = Note::parse(&other.to_bytes()).unwrap();
        assert_eq!(read.verify([&key]).map(|signed| signed.len()), Ok(1));
    }
}

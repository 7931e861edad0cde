//! The keys and values of an episode.

use std::collections::BTreeSet;

use fastrand::Rng;

/// What keys look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Some folders with some keys each.
    Plain,
    /// One folder of many keys.
    Wide,
    /// Deep paths, deeper than the tree nests.
    Deep,
    /// Short strings of the most awkward bytes, so that keys are leaves and folders at once.
    Awkward,
    /// Everything that was ever found hard.
    Nasty,
}

const NASTY: [&[u8]; 30] = [
    b"\0",
    b"\0\0",
    b"\xff\xfe\0bin",
    b"\xff",
    b"\xff\xff",
    b"\xff\xff/x",
    b"/",
    b"//",
    b"///",
    b"/a",
    b"//a",
    b"a",
    b"a/",
    b"a//",
    b"a/b",
    b"a//b",
    b"a/b/",
    b"a/b/c",
    b"a\0",
    b"a\0/b",
    b"a0",
    b"trailing/",
    b"no/leading/slash",
    b" ",
    b"\n",
    b"\x1b[31mred\x1b[0m",
    "\u{202e}right-to-left".as_bytes(),
    "köln/größe/日本".as_bytes(),
    b"%2f/%00",
    b"registry/../etc",
];

impl Shape {
    pub fn any(rng: &mut Rng) -> Self {
        let shapes = [Self::Plain, Self::Wide, Self::Deep, Self::Awkward, Self::Awkward, Self::Nasty];
        shapes[rng.usize(..shapes.len())]
    }

    /// All keys that the episode writes.
    pub fn pool(self, rng: &mut Rng) -> Vec<Vec<u8>> {
        let mut keys: BTreeSet<Vec<u8>> = BTreeSet::new();
        match self {
            Self::Plain => {
                for folder in 0..8 {
                    keys.extend((0..12).map(|key| format!("plain/{folder}/{key:02}").into_bytes()));
                }
            }
            Self::Wide => keys.extend((0..900).map(|key| format!("wide/{key:05}").into_bytes())),
            Self::Deep => {
                while keys.len() < 60 {
                    let depth = if rng.u32(..8) == 0 { rng.usize(60..90) } else { rng.usize(1..12) };
                    let names: Vec<_> = (0..depth).map(|_| ["a", "b", "cc"][rng.usize(..3)]).collect();
                    keys.insert(names.join("/").into_bytes());
                }
            }
            Self::Awkward => {
                while keys.len() < 70 {
                    let length = rng.usize(1..7);
                    keys.insert((0..length).map(|_| [0, b'/', b'/', b'a', 0xff][rng.usize(..5)]).collect());
                }
            }
            Self::Nasty => {
                keys.extend(NASTY.iter().map(|key| key.to_vec()));
                keys.insert(vec![b'k'; 5_000]);
                keys.insert([&b"long/"[..], &vec![b'k'; 3_000], b"/leaf"].concat());
                while keys.len() < 80 {
                    keys.insert((0..rng.usize(1..12)).map(|_| rng.u8(..)).collect());
                }
            }
        }
        keys.into_iter().collect()
    }
}

/// Makes values that no other write has.
pub struct Values {
    rng: Rng,
    name: String,
    number: u64,
    big: bool,
}

impl Values {
    /// `name` is unique among the writers of an episode.
    pub fn new(rng: Rng, name: String, big: bool) -> Self {
        Self { rng, name, number: 0, big }
    }

    /// The next value, `room` bytes at most; some are empty, which alone are not unique.
    pub fn next(&mut self, room: usize) -> Vec<u8> {
        if self.rng.u32(..40) == 0 {
            return Vec::new();
        }
        self.next_unique(room)
    }

    pub fn next_unique(&mut self, room: usize) -> Vec<u8> {
        self.number += 1;
        let mut value = format!("{}.{};", self.name, self.number).into_bytes();
        let length = match self.rng.u32(..200) {
            0..150 => self.rng.usize(..40),
            150..196 => self.rng.usize(..1_500),
            196..199 if self.big => self.rng.usize(10_000..300_000),
            199 if self.big => 1_400_000,
            _ => 0,
        };
        let filler = self.rng.u8(..);
        value.resize(value.len().max(length.min(room)), filler);
        value
    }
}

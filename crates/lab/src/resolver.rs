//! How a station settles two updates of one key: it keeps what is concurrent, or lets a clock choose.

use std::collections::BTreeMap;

use constellation_clock::bytes::{Limits, Reader, Writer};
use constellation_clock::{Catalog, Reconciled, Update};
use constellation_clock::{Dot, Error};
use constellation_trace::WallTime;

/// How a station settles two updates of one key.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Resolver {
    /// Keeps every update that nobody superseded; concurrent ones stand side by side until somebody decides.
    Siblings,
    /// Keeps the update with the latest wall time. It loses concurrent updates, and later ones of a slow clock.
    WallLww,
    /// Keeps the update with the highest Lamport time. It loses concurrent updates.
    LamportLww,
}

impl Resolver {
    /// Each resolver with the name that scenario files and the command line know it by.
    pub const NAMES: [(&str, Resolver); 3] = [
        ("siblings", Resolver::Siblings),
        ("wall-lww", Resolver::WallLww),
        ("lamport-lww", Resolver::LamportLww),
    ];

    /// The name of this one.
    pub fn name(self) -> &'static str {
        let own = Resolver::NAMES.iter().find(|(_, resolver)| *resolver == self);
        own.map_or("", |(name, _)| name)
    }
}

/// What a station knows when it accepts an update: what a last-write-wins resolver goes by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Tags {
    pub(crate) wall: WallTime,
    pub(crate) lamport: u64,
}

/// News of one key, as one station tells it to another.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum News {
    /// Everything known of the key, under vector causality.
    Siblings(Update<Vec<u8>>),
    /// The one value that is left of the key.
    LastWrite(LastWrite),
}

/// A value with the tag by which it wins or loses.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct LastWrite {
    key: String,
    tag: Tag,
    value: Vec<u8>,
}

/// Field order is the order of winning: the later time, then the greater name, so that all stations agree.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Tag {
    time: u64,
    node: String,
    nth: u64,
}

impl Tag {
    fn update(&self) -> String {
        format!("{}:{}", self.node, self.nth)
    }
}

/// What a station holds, under one resolver.
#[derive(Clone, Debug)]
pub(crate) enum Holdings {
    Siblings(Catalog<Vec<u8>>),
    LastWrite { resolver: Resolver, node: String, written: u64, values: BTreeMap<String, LastWrite> },
}

/// An update that a station accepted.
pub(crate) struct Accepted {
    /// Its name.
    pub(crate) update: String,
    /// The names of those that its client had seen.
    pub(crate) saw: Vec<String>,
    /// What the other stations must be told.
    pub(crate) news: News,
}

/// What news made of a key.
pub(crate) struct Settled {
    /// Which key.
    pub(crate) key: String,
    /// In one word.
    pub(crate) word: String,
    /// Whether anything is otherwise now.
    pub(crate) is_change: bool,
}

impl Holdings {
    pub(crate) fn new(resolver: Resolver, node: &str) -> Holdings {
        match resolver {
            Resolver::Siblings => Holdings::Siblings(Catalog::new(node)),
            Resolver::WallLww | Resolver::LamportLww => {
                Holdings::LastWrite { resolver, node: node.to_owned(), written: 0, values: BTreeMap::new() }
            }
        }
    }

    /// Accepts an update from a client that has seen what is shown here.
    pub(crate) fn write(&mut self, key: &str, value: &str, tags: Tags) -> Result<Accepted, Error> {
        let saw = self.shown(key).into_iter().map(|(update, _)| update).collect();
        match self {
            Holdings::Siblings(catalog) => {
                let context = catalog.get(key).context;
                let update = catalog.put(key, value.as_bytes().to_vec(), &context)?;
                let name = catalog.latest_write().map(|dot| name_of(&dot)).unwrap_or_default();
                Ok(Accepted { update: name, saw, news: News::Siblings(update) })
            }
            Holdings::LastWrite { resolver, node, written, values } => {
                // Saturating: 2^64 updates of one station do not happen in a run.
                *written = written.saturating_add(1);
                let time = match resolver {
                    Resolver::WallLww => tags.wall.ns(),
                    _ => tags.lamport,
                };
                let tag = Tag { time, node: node.clone(), nth: *written };
                let update = tag.update();
                let write = LastWrite { key: key.to_owned(), tag, value: value.as_bytes().to_vec() };
                keep_last(values, &write);
                Ok(Accepted { update, saw, news: News::LastWrite(write) })
            }
        }
    }

    /// Takes news in; news of the other kind of station says nothing to this one.
    pub(crate) fn settle(&mut self, news: &News) -> Result<Settled, Error> {
        match (self, news) {
            (Holdings::Siblings(catalog), News::Siblings(update)) => {
                let reconciled = catalog.reconcile(update)?;
                Ok(Settled {
                    key: update.key().to_owned(),
                    word: reconciled.to_string(),
                    is_change: matches!(
                        reconciled,
                        Reconciled::Adopted { .. } | Reconciled::Concurrent { .. }
                    ),
                })
            }
            (Holdings::LastWrite { values, .. }, News::LastWrite(write)) => {
                let (is_change, word) = keep_last(values, write);
                Ok(Settled { key: write.key.clone(), word, is_change })
            }
            (_, News::Siblings(update)) => Ok(Settled::nothing(update.key())),
            (_, News::LastWrite(write)) => Ok(Settled::nothing(&write.key)),
        }
    }

    /// What is shown under a key: names of updates and their values.
    pub(crate) fn shown(&self, key: &str) -> Vec<(String, String)> {
        match self {
            Holdings::Siblings(catalog) => {
                let reading = catalog.get(key);
                let values = reading.values.iter().map(|value| text_of(value));
                reading.dots.iter().map(name_of).zip(values).collect()
            }
            Holdings::LastWrite { values, .. } => {
                let value = values.get(key);
                value.map(|write| (write.tag.update(), text_of(&write.value))).into_iter().collect()
            }
        }
    }

    /// All that is held, as news.
    pub(crate) fn all(&self) -> Vec<News> {
        match self {
            Holdings::Siblings(catalog) => catalog.updates().map(News::Siblings).collect(),
            Holdings::LastWrite { values, .. } => values.values().cloned().map(News::LastWrite).collect(),
        }
    }
}

impl Settled {
    fn nothing(key: &str) -> Settled {
        Settled { key: key.to_owned(), word: "IGNORED".to_owned(), is_change: false }
    }
}

impl News {
    /// The key that it is about.
    pub(crate) fn key(&self) -> &str {
        match self {
            News::Siblings(update) => update.key(),
            News::LastWrite(write) => &write.key,
        }
    }

    /// The names of the updates that it brings.
    pub(crate) fn updates(&self) -> Vec<String> {
        match self {
            News::Siblings(update) => update.dots().map(name_of).collect(),
            News::LastWrite(write) => vec![write.tag.update()],
        }
    }

    /// Its bytes, for a disk.
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            News::Siblings(update) => update.encode(),
            News::LastWrite(write) => {
                let mut writer = Writer::default();
                writer.varint(LAST_WRITE);
                writer.text(&write.key);
                writer.varint(write.tag.time);
                writer.text(&write.tag.node);
                writer.varint(write.tag.nth);
                let mut bytes = writer.into_bytes();
                bytes.extend_from_slice(&write.value);
                bytes
            }
        }
    }

    /// The news that `encode` wrote.
    pub(crate) fn decode(bytes: &[u8]) -> Result<News, Error> {
        let limits = Limits::STANDARD;
        if bytes.first().map(|first| u64::from(*first)) != Some(LAST_WRITE) {
            return Update::decode(bytes, &limits).map(News::Siblings);
        }
        let mut reader = Reader::new(bytes);
        reader.varint()?;
        let key = reader.text(&limits)?.to_owned();
        let time = reader.varint()?;
        let (node, nth) = (reader.text(&limits)?.to_owned(), reader.varint()?);
        let rest = usize::try_from(reader.remaining()).unwrap_or(usize::MAX);
        let value = bytes[bytes.len().saturating_sub(rest)..].to_vec();
        Ok(News::LastWrite(LastWrite { key, tag: Tag { time, node, nth }, value }))
    }
}

/// The first byte of a last write on disk; far from the kinds that the clock crate numbers.
const LAST_WRITE: u64 = 0x7f;

/// Keeps the later of what is held and `write`; says whether something changed, and in a word what.
fn keep_last(values: &mut BTreeMap<String, LastWrite>, write: &LastWrite) -> (bool, String) {
    let held = values.get(&write.key);
    match held {
        Some(held) if held.tag == write.tag => (false, "DUPLICATE".to_owned()),
        Some(held) if held.tag > write.tag => (false, "DISCARDED, as older".to_owned()),
        _ => {
            let word = if held.is_some() { "OVERWRITES, as newer" } else { "ADOPTED" };
            values.insert(write.key.clone(), write.clone());
            (true, word.to_owned())
        }
    }
}

/// How an update is called: by the process that accepted it, and how many that had accepted.
fn name_of(dot: &Dot) -> String {
    format!("{}:{}", dot.node, dot.counter)
}

fn text_of(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

//! What clocks said, as recorded data: a claim is judged, never believed.

use std::fmt;

use crate::ids::Symbol;
use crate::time::WallTime;
use crate::trace::TraceError;

/// What one clock said of one event, as it is handed to a trace.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Claim {
    /// A Lamport time.
    Lamport(u64),
    /// A hybrid logical time (Kulkarni et al. 2014).
    Hybrid {
        /// Nanoseconds since the Unix epoch, the highest that the clock has heard of.
        physical_ns: u64,
        /// How many events shared that time.
        logical: u32,
    },
    /// A vector time: a counter for each process, by the name its clock gives it. Missing means zero.
    Vector(Vec<(String, u64)>),
    /// What the wall clock showed.
    Wall(WallTime),
}

/// Which clock a claim is of; a trace holds at most one claim a kind for an event.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum ClaimKind {
    /// [`Claim::Lamport`].
    Lamport,
    /// [`Claim::Vector`].
    Vector,
    /// [`Claim::Hybrid`].
    Hybrid,
    /// [`Claim::Wall`].
    Wall,
}

impl ClaimKind {
    /// The kinds, in the order in which stamps are printed.
    pub const ALL: [ClaimKind; 4] =
        [ClaimKind::Lamport, ClaimKind::Vector, ClaimKind::Hybrid, ClaimKind::Wall];
}

impl fmt::Display for ClaimKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ClaimKind::Lamport => "lamport",
            ClaimKind::Vector => "vector",
            ClaimKind::Hybrid => "hybrid",
            ClaimKind::Wall => "wall",
        })
    }
}

impl Claim {
    /// Which clock it is of.
    pub const fn kind(&self) -> ClaimKind {
        match self {
            Claim::Lamport(_) => ClaimKind::Lamport,
            Claim::Hybrid { .. } => ClaimKind::Hybrid,
            Claim::Vector(_) => ClaimKind::Vector,
            Claim::Wall(_) => ClaimKind::Wall,
        }
    }
}

/// A claim where it stands in a trace; the texts are in the trace's table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ClaimRef<'t> {
    /// A Lamport time.
    Lamport(u64),
    /// A hybrid logical time.
    Hybrid {
        /// Nanoseconds since the Unix epoch.
        physical_ns: u64,
        /// How many events shared that time.
        logical: u32,
    },
    /// A vector time.
    Vector(VectorRef<'t>),
    /// What the wall clock showed.
    Wall(WallTime),
}

/// A vector time where it stands in a trace: in ascending order of [`Symbol`], which is no order of names; no zeros.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct VectorRef<'t> {
    pub(crate) names: &'t [Symbol],
    pub(crate) counters: &'t [u64],
}

impl<'t> VectorRef<'t> {
    /// The names and their counters, none of them zero, in ascending order of [`Symbol`].
    pub fn iter(self) -> impl ExactSizeIterator<Item = (Symbol, u64)> + 't {
        self.names.iter().copied().zip(self.counters.iter().copied())
    }

    /// The counter of `name`; zero when it is missing. O(log n).
    pub fn counter(self, name: Symbol) -> u64 {
        self.names.binary_search(&name).map_or(0, |place| self.counters[place])
    }

    /// How many names have a counter.
    pub const fn len(self) -> usize {
        self.names.len()
    }

    /// Whether it is the zero vector.
    pub const fn is_empty(self) -> bool {
        self.names.is_empty()
    }
}

/// All claims of a trace, in the order of their events, vectors laid end to end.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Claims {
    stored: Vec<Stored>,
    /// For each event up to the last with a claim, the place of its first: judges look up millions.
    starts: Vec<u32>,
    names: Vec<Symbol>,
    counters: Vec<u64>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Stored {
    event: u32,
    value: Value,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Value {
    Lamport(u64),
    Hybrid { physical_ns: u64, logical: u32 },
    Vector { start: u32, len: u32 },
    Wall(WallTime),
}

impl Value {
    const fn kind(self) -> ClaimKind {
        match self {
            Value::Lamport(_) => ClaimKind::Lamport,
            Value::Hybrid { .. } => ClaimKind::Hybrid,
            Value::Vector { .. } => ClaimKind::Vector,
            Value::Wall(_) => ClaimKind::Wall,
        }
    }
}

impl Claims {
    /// What one claim costs, beside the entries of a vector.
    #[cfg(test)]
    pub(crate) const BYTES: usize = size_of::<Stored>();

    /// The vectors among the claims, sorted by name, zeros left out.
    pub(crate) fn check<'c>(&self, claims: &'c [Claim]) -> Result<Vec<Vec<(&'c str, u64)>>, TraceError> {
        let mut vectors = Vec::new();
        for (nth, claim) in claims.iter().enumerate() {
            if claims[..nth].iter().any(|earlier| earlier.kind() == claim.kind()) {
                return Err(TraceError::DuplicateClaim(claim.kind()));
            }
            if let Claim::Vector(entries) = claim {
                let mut sorted: Vec<_> = entries.iter().map(|(name, counter)| (&**name, *counter)).collect();
                sorted.sort_unstable();
                if let Some(twice) = sorted.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                    return Err(TraceError::DuplicateEntry(twice[0].0.to_owned()));
                }
                sorted.retain(|entry| entry.1 != 0);
                vectors.push(sorted);
            }
        }
        if !claims.is_empty() && !self.has_room(vectors.iter().map(Vec::len).sum()) {
            return Err(TraceError::Full);
        }
        Ok(vectors)
    }

    /// Whether the claims of one more event, with vectors of `more` entries in all, can still be addressed.
    fn has_room(&self, more: usize) -> bool {
        // One of each kind at most.
        let has_places = u32::try_from(self.stored.len().saturating_add(4)).is_ok();
        has_places && self.names.len().checked_add(more).is_some_and(|total| u32::try_from(total).is_ok())
    }

    /// Appends a claim of `event`, which is not before any event that has one.
    ///
    /// `entries` are those of a vector, sorted by symbol and without zeros.
    pub(crate) fn push(&mut self, event: u32, claim: &Claim, entries: &[(Symbol, u64)]) {
        let value = match claim {
            Claim::Lamport(time) => Value::Lamport(*time),
            Claim::Hybrid { physical_ns, logical } => {
                Value::Hybrid { physical_ns: *physical_ns, logical: *logical }
            }
            Claim::Wall(time) => Value::Wall(*time),
            Claim::Vector(_) => {
                let start = u32::try_from(self.names.len()).expect("has_room was asked first");
                let len = u32::try_from(entries.len()).expect("has_room was asked first");
                self.names.extend(entries.iter().map(|entry| entry.0));
                self.counters.extend(entries.iter().map(|entry| entry.1));
                Value::Vector { start, len }
            }
        };
        while self.starts.len() <= event as usize {
            let start = u32::try_from(self.stored.len()).expect("has_room was asked first");
            self.starts.push(start);
        }
        self.stored.push(Stored { event, value });
    }

    /// The claims of one event.
    pub(crate) fn of(&self, event: u32) -> impl Iterator<Item = ClaimRef<'_>> {
        let start = self.start(event);
        self.stored[start..]
            .iter()
            .take_while(move |stored| stored.event == event)
            .map(|stored| self.view(stored.value))
    }

    /// The claim of one kind of one event.
    pub(crate) fn one(&self, event: u32, kind: ClaimKind) -> Option<ClaimRef<'_>> {
        let start = self.start(event);
        self.stored[start..]
            .iter()
            .take_while(|stored| stored.event == event)
            .find(|stored| stored.value.kind() == kind)
            .map(|stored| self.view(stored.value))
    }

    /// All claims of one kind, in the order of their events.
    pub(crate) fn all(&self, kind: ClaimKind) -> impl Iterator<Item = (u32, ClaimRef<'_>)> {
        self.stored
            .iter()
            .filter(move |stored| stored.value.kind() == kind)
            .map(|stored| (stored.event, self.view(stored.value)))
    }

    fn start(&self, event: u32) -> usize {
        self.starts.get(event as usize).map_or(self.stored.len(), |start| *start as usize)
    }

    fn view(&self, value: Value) -> ClaimRef<'_> {
        match value {
            Value::Lamport(time) => ClaimRef::Lamport(time),
            Value::Hybrid { physical_ns, logical } => ClaimRef::Hybrid { physical_ns, logical },
            Value::Wall(time) => ClaimRef::Wall(time),
            Value::Vector { start, len } => {
                let range = start as usize..start as usize + len as usize;
                ClaimRef::Vector(VectorRef {
                    names: &self.names[range.clone()],
                    counters: &self.counters[range],
                })
            }
        }
    }
}

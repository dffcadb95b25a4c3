//! Operations of which it is known which come first, as what was shown tells: whether time agrees.

use constellation_trace::Transaction;

/// Operations in rows, each of which comes before the next: an order of all of them that respects time too exists exactly
/// if none was over before one of an earlier row began.
pub(super) struct Rows {
    held: Vec<Held>,
    is_put: Vec<bool>,
}

#[derive(Clone, Copy)]
struct Held {
    place: u32,
    row: u64,
    invoked: u64,
    deadline: u64,
}

impl Rows {
    /// None of so many operations is in a row.
    pub(super) fn new(count: usize) -> Rows {
        Rows { held: Vec::with_capacity(count), is_put: vec![false; count] }
    }

    /// The bytes that rows of so many operations take.
    pub(super) const BYTES: usize = size_of::<Held>() + 1;

    /// Puts one there, which took place at some time of `span`.
    pub(super) fn put(&mut self, place: u32, row: u64, span: (u64, u64)) {
        self.is_put[place as usize] = true;
        let (invoked, deadline) = span;
        self.held.push(Held { place, row, invoked, deadline });
    }

    pub(super) fn is_put(&self, place: u32) -> bool {
        self.is_put[place as usize]
    }

    /// Two operations of which the first was over before the second began, which has an earlier row. O(n log n).
    pub(super) fn clash(mut self) -> Option<[u32; 2]> {
        self.held.sort_unstable_by_key(|held| (held.invoked, held.place));
        let mut over: Vec<Held> =
            self.held.iter().copied().filter(|held| held.deadline < Transaction::NEVER).collect();
        over.sort_unstable_by_key(|held| (held.deadline, held.place));
        let mut over = over.into_iter().peekable();
        let mut highest: Option<Held> = None;
        for held in &self.held {
            while let Some(before) = over.next_if(|before| before.deadline < held.invoked) {
                if highest.is_none_or(|highest| highest.row < before.row) {
                    highest = Some(before);
                }
            }
            if let Some(early) = highest.filter(|early| early.row > held.row) {
                return Some([early.place, held.place]);
            }
        }
        None
    }
}

/// Two operations that clash, by name: the early one was over before the late one began, and what was shown tells that it
/// comes after it.
pub(super) struct Clash {
    pub(super) early: String,
    pub(super) late: String,
}

impl Clash {
    /// The late one should have shown what the early one put there.
    pub(super) fn missed(&self) -> String {
        format!("{} misses {}, which was over before it began", self.late, self.early)
    }

    /// The early one shows what the late one put there.
    pub(super) fn foreseen(&self) -> String {
        format!("{} was over before {} began, which it shows", self.early, self.late)
    }

    /// Both show, and the late one less: not what `put` put there.
    pub(super) fn forgotten(&self, put: &str) -> String {
        format!("{} misses {put}, which {} had shown before it began", self.late, self.early)
    }

    /// Both put, and `read` shows the late one without or before the early one.
    pub(super) fn overtaken(&self, read: &str) -> String {
        format!("{read} shows {} before {}, which was over before that began", self.late, self.early)
    }
}

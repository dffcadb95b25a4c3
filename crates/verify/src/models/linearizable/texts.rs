//! Texts that are put and appended to, as a search handles them that knows beforehand what was shown.

use std::collections::BTreeMap;

use constellation_trace::{Call, Limit, Names};

use super::STEPS_FIRST;
use super::known::Known;
use crate::models::items::Source;
use crate::models::objects::TextOperation;
use crate::models::patience::Patience;
use crate::models::search::{Item, stuck_at};
use crate::models::specification::{Answer, Specification};

/// Judges a text that is put, appended to and read, by its place in a tree of all that was shown.
///
/// What a text holds matters only as far as it is the beginning of something that was shown: anything else nobody is shown
/// until all is put anew, so it is all one. A state is so a number, not a list, and an order that goes astray is left where a
/// piece that comes once and was shown is put or appended elsewhere.
pub(super) fn judge(
    items: &[Item<TextOperation>],
    _: Source<'_>,
    patience: &mut Patience<'_>,
) -> Result<Known, Limit> {
    patience.step(items.len() as u64)?;
    let shown = items.iter().map(|item| match &item.operation {
        TextOperation::Read(shown) => shown.len(),
        _ => 0,
    });
    let shown: usize = shown.sum();
    patience.step(shown as u64)?;
    let before = patience.bytes();
    let known = searched(items, patience);
    patience.release((patience.bytes() - before) as usize, 1);
    known
}

/// About how many bytes a node of the tree takes, and the number of a value.
const NODE_BYTES: usize = 64;

fn searched(items: &[Item<TextOperation>], patience: &mut Patience<'_>) -> Result<Known, Limit> {
    let Some((tree, items)) = Tree::of(items, patience) else { return Ok(Known::Nothing) };
    match patience.within(STEPS_FIRST, |patience| stuck_at(&tree, &items, patience)) {
        Ok(None) => Ok(Known::Holds),
        Ok(Some(_)) => Ok(Known::Wrong((0..items.len() as u32).collect())),
        // If it was not this bound that ended it, it ends here.
        Err(_) => patience.step(0).map(|()| Known::Nothing),
    }
}

/// What an empty text shows, which is no piece.
const NOTHING: u64 = u64::MAX;

/// Any piece that nobody is shown.
const UNSHOWN: u64 = u64::MAX - 1;

/// Where an empty text is.
const ROOT: u32 = 0;
/// Where all those are that nothing shown begins with.
const ASTRAY: u32 = u32::MAX;

/// All that was shown, as a tree: a node is what leads to it from the root.
struct Tree {
    /// Behind a node, by value.
    next: BTreeMap<(u32, u64), u32>,
    /// The last value of each.
    last: Vec<u64>,
    /// How often each value is put or appended, and whether it was shown.
    values: BTreeMap<u64, Made>,
}

#[derive(Clone, Copy, Default)]
struct Made {
    times: u32,
    is_shown: bool,
}

/// An operation, by places in the tree.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Place {
    /// It was there.
    Read(u32),
    /// Nothing but this piece is there from now on.
    Put(u64),
    /// This value comes behind.
    Append(u64),
}

impl Tree {
    /// `None` where there are too many nodes, or more than there is memory for.
    fn of(items: &[Item<TextOperation>], patience: &mut Patience<'_>) -> Option<(Tree, Vec<Item<Place>>)> {
        patience.afford(items.len(), size_of::<Item<Place>>() + NODE_BYTES).ok()?;
        let mut tree = Tree { next: BTreeMap::new(), last: vec![NOTHING], values: BTreeMap::new() };
        // What was shown before, and where it led: most texts begin alike.
        let (mut before, mut path): (&[u64], Vec<u32>) = (&[], Vec::new());
        let mut places = Vec::with_capacity(items.len());
        for item in items {
            let operation = match &item.operation {
                TextOperation::Put(piece) => Place::Put(piece.unwrap_or(NOTHING)),
                TextOperation::Append(piece) => Place::Append(*piece),
                TextOperation::Read(shown) => {
                    let same = before.iter().zip(shown).take_while(|(one, other)| one == other).count();
                    path.truncate(same);
                    for piece in &shown[same..] {
                        path.push(tree.enter(path.last().copied().unwrap_or(ROOT), *piece, patience)?);
                    }
                    before = shown;
                    Place::Read(path.last().copied().unwrap_or(ROOT))
                }
            };
            if let Place::Put(value) | Place::Append(value) = operation {
                // Cannot wrap: as few as items.
                tree.values.entry(value).or_default().times += 1;
            }
            let Item { id, session, invoked, returned, fate, part, .. } = *item;
            places.push(Item { id, session, invoked, returned, fate, part, operation });
        }
        // What nobody is shown is all one, so that no two orders of it are tried.
        for place in &mut places {
            if let Place::Put(value) | Place::Append(value) = &mut place.operation
                && tree.values.get(value).is_some_and(|made| !made.is_shown)
                && *value != NOTHING
            {
                *value = UNSHOWN;
            }
        }
        Some((tree, places))
    }

    /// The node of a value behind another. What is shown again takes no more memory.
    fn enter(&mut self, node: u32, value: u64, patience: &mut Patience<'_>) -> Option<u32> {
        let fresh = u32::try_from(self.last.len()).ok().filter(|fresh| *fresh != ASTRAY)?;
        let next = *self.next.entry((node, value)).or_insert(fresh);
        if next == fresh {
            patience.afford(1, NODE_BYTES).ok()?;
            self.last.push(value);
            self.values.entry(value).or_default().is_shown = true;
        }
        Some(next)
    }

    /// Where a value leads; `None` if nothing can come of it, as whoever is shown it never will be.
    fn step(&self, node: u32, value: u64) -> Option<u32> {
        match self.next.get(&(node, value)) {
            Some(next) => Some(*next),
            None => {
                let made = self.values.get(&value).copied().unwrap_or_default();
                (made.times != 1 || !made.is_shown).then_some(ASTRAY)
            }
        }
    }

    /// The last value of what is at a node, if that cannot come back.
    fn value(&self, node: u32) -> Option<u64> {
        let value = *self.last.get(node as usize)?;
        (value == NOTHING || self.values.get(&value)?.times == 1).then_some(value)
    }
}

impl Specification for Tree {
    type Operation = Place;
    type State = u32;

    fn operation(&self, _: &Call, _: Answer<'_>, _: &mut Names) -> Result<Option<Place>, String> {
        Err("all operations are known already".to_owned())
    }

    fn init(&self) -> u32 {
        ROOT
    }

    fn step(&self, node: &u32, place: &Place) -> Option<u32> {
        match *place {
            Place::Read(shown) => (*node == shown).then_some(shown),
            Place::Put(NOTHING) => Some(ROOT),
            Place::Put(value) => Tree::step(self, ROOT, value),
            // From astray, too: no node is behind it.
            Place::Append(value) => Tree::step(self, *node, value),
        }
    }

    fn is_pure(&self, place: &Place) -> bool {
        matches!(place, Place::Read(_))
    }

    fn makes(&self, place: &Place) -> Option<u64> {
        match *place {
            Place::Read(_) => None,
            Place::Put(value) | Place::Append(value) => Some(value),
        }
    }

    fn sees(&self, place: &Place) -> Option<u64> {
        match *place {
            Place::Read(node) => self.value(node),
            Place::Put(_) | Place::Append(_) => None,
        }
    }

    fn shown(&self, node: &u32) -> Option<u64> {
        self.value(*node)
    }
}

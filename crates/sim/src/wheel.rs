//! One timing wheel: a turn of slots, of which the next that holds anything is found in a few instructions.

/// The slots of one level of the agenda; each holds the first of a list of items, or [`NONE`].
///
/// Level 0 counts in ticks; a unit of each higher level is a whole turn of the level below.
#[derive(Debug)]
pub(crate) struct Wheel {
    firsts: Box<[u32]>,
    /// Which slots hold anything, a bit each.
    is_filled: [u64; 64],
    /// Which words of `is_filled` are not 0.
    has_filled: u64,
}

/// No item.
pub(crate) const NONE: u32 = u32::MAX;

/// 64 words of 64 bits: two steps find the next slot. The slots of one wheel then take 16 KiB.
const SLOT_BITS: u32 = 12;

impl Wheel {
    pub(crate) const SLOTS: u64 = 1 << SLOT_BITS;
    /// So many reach to the end of 64 bits, whatever a tick is.
    pub(crate) const LEVELS: u8 = 64_u32.div_ceil(SLOT_BITS) as u8;

    pub(crate) fn new() -> Wheel {
        Wheel { firsts: vec![NONE; 1 << SLOT_BITS].into(), is_filled: [0; 64], has_filled: 0 }
    }

    /// Which unit of a level a tick belongs to.
    pub(crate) fn unit(tick: u64, level: u8) -> u64 {
        tick >> (SLOT_BITS * u32::from(level))
    }

    /// The first tick of a unit.
    pub(crate) fn start(unit: u64, level: u8) -> u64 {
        unit << (SLOT_BITS * u32::from(level))
    }

    /// The slot of a level in which a tick is.
    pub(crate) fn slot(tick: u64, level: u8) -> u16 {
        slot_of(Wheel::unit(tick, level))
    }

    pub(crate) fn first(&self, slot: u16) -> u32 {
        self.firsts[usize::from(slot)]
    }

    pub(crate) fn set_first(&mut self, slot: u16, first: u32) {
        self.firsts[usize::from(slot)] = first;
        let (word, bit) = (usize::from(slot / 64), 1 << (slot % 64));
        if first == NONE {
            self.is_filled[word] &= !bit;
            if self.is_filled[word] == 0 {
                self.has_filled &= !(1 << word);
            }
        } else {
            self.is_filled[word] |= bit;
            self.has_filled |= 1 << word;
        }
    }

    /// The first unit from `unit` on, and before that of a whole turn later, whose slot holds anything.
    pub(crate) fn next(&self, unit: u64) -> Option<u64> {
        if self.has_filled == 0 {
            return None;
        }
        let from = slot_of(unit);
        let (word, bit) = (usize::from(from / 64), from % 64);
        let rest = self.is_filled[word] & (u64::MAX << bit);
        let slot = if rest != 0 {
            word * 64 + rest.trailing_zeros() as usize
        } else {
            // Strictly after this word; then from the start, where this word is the last to come.
            let after = self.has_filled & u64::MAX.checked_shl(word as u32 + 1).unwrap_or(0);
            let word = if after != 0 { after } else { self.has_filled }.trailing_zeros() as usize;
            word * 64 + self.is_filled[word].trailing_zeros() as usize
        };
        // Both are below a turn, so what is behind comes a turn later.
        Some(unit + ((slot as u64).wrapping_sub(u64::from(from)) & (Wheel::SLOTS - 1)))
    }

    /// Empties every slot; costs by how many hold anything.
    pub(crate) fn clear(&mut self) {
        while self.has_filled != 0 {
            let word = self.has_filled.trailing_zeros() as usize;
            let filled = std::mem::take(&mut self.is_filled[word]);
            let mut bits = filled;
            while bits != 0 {
                self.firsts[word * 64 + bits.trailing_zeros() as usize] = NONE;
                bits &= bits - 1;
            }
            self.has_filled &= self.has_filled - 1;
        }
    }
}

fn slot_of(unit: u64) -> u16 {
    // Cannot be cut: SLOT_BITS are fewer than 16.
    (unit & (Wheel::SLOTS - 1)) as u16
}

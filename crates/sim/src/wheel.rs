//! One timing wheel: a turn of slots, of which the next that holds anything is found in a few instructions.

/// The slots of one level of the agenda; each holds the first of a list of items, or [`NONE`].
///
/// Level 0 counts in ticks; a unit of each higher level is a whole turn of the level below.
#[derive(Debug)]
pub(crate) struct Wheel {
    firsts: Box<[u32; SLOTS]>,
    /// Which slots hold anything, a bit each.
    is_filled: [u64; 64],
    /// Which words of `is_filled` are not 0.
    has_filled: u64,
}

/// No item.
pub(crate) const NONE: u32 = u32::MAX;

/// 64 words of 64 bits: two steps find the next slot. The slots of one wheel then take 16 KiB.
const SLOT_BITS: u32 = 12;
const SLOTS: usize = 1 << SLOT_BITS;

impl Wheel {
    pub(crate) const SLOTS: u64 = SLOTS as u64;
    /// So many reach to the end of 64 bits, whatever a tick is.
    pub(crate) const LEVELS: u8 = 64_u32.div_ceil(SLOT_BITS) as u8;

    pub(crate) fn new() -> Wheel {
        let firsts = vec![NONE; SLOTS].try_into().expect("a vector of so many is an array of so many");
        Wheel { firsts, is_filled: [0; 64], has_filled: 0 }
    }

    /// Which unit of a level a tick belongs to.
    #[inline]
    pub(crate) fn unit(tick: u64, level: u8) -> u64 {
        tick >> (SLOT_BITS * u32::from(level))
    }

    /// The first tick of a unit.
    #[inline]
    pub(crate) fn start(unit: u64, level: u8) -> u64 {
        unit << (SLOT_BITS * u32::from(level))
    }

    /// The slot of a level in which a tick is.
    #[inline]
    pub(crate) fn slot(tick: u64, level: u8) -> u16 {
        slot_of(Wheel::unit(tick, level))
    }

    #[inline]
    pub(crate) fn first(&self, slot: u16) -> u32 {
        self.firsts[usize::from(slot) % SLOTS]
    }

    /// Puts an item at the head of a slot; returns the one that was there, or [`NONE`].
    #[inline]
    pub(crate) fn replace_first(&mut self, slot: u16, first: u32) -> u32 {
        let (word, bit) = (usize::from(slot / 64) % 64, slot % 64);
        self.is_filled[word] |= 1 << bit;
        self.has_filled |= 1 << word;
        std::mem::replace(&mut self.firsts[usize::from(slot) % SLOTS], first)
    }

    /// Empties a slot; returns the item that was at its head, or [`NONE`].
    #[inline]
    pub(crate) fn take_first(&mut self, slot: u16) -> u32 {
        let (word, bit) = (usize::from(slot / 64) % 64, slot % 64);
        self.is_filled[word] &= !(1 << bit);
        self.has_filled &= !(u64::from(self.is_filled[word] == 0) << word);
        std::mem::replace(&mut self.firsts[usize::from(slot) % SLOTS], NONE)
    }

    /// The first unit from `unit` on, and before that of a whole turn later, whose slot holds anything.
    #[inline]
    pub(crate) fn next(&self, unit: u64) -> Option<u64> {
        if self.has_filled == 0 {
            return None;
        }
        let from = slot_of(unit);
        let (word, bit) = (usize::from(from / 64) % 64, from % 64);
        let rest = self.is_filled[word] & (u64::MAX << bit);
        let slot = if rest != 0 {
            word * 64 + rest.trailing_zeros() as usize
        } else {
            // Strictly after this word; then from the start, where this word is the last to come.
            let after = self.has_filled & (u64::MAX << word << 1);
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

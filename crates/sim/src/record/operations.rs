//! Which operations each process has begun and ended: what a trace would refuse is refused without one, too.

use std::collections::VecDeque;

use constellation_trace::NodeId;
use constellation_trace::history::OperationError;

/// The operations of the processes that live now.
#[derive(Debug, Default)]
pub(super) struct Operations {
    /// By node; as many as the highest node that ever began one needs. What is empty keeps its memory.
    processes: Vec<Begun>,
}

/// What one process has begun. It takes the memory of the operations that are open at once, and of the gaps between the
/// numbers that were given.
#[derive(Debug, Default)]
struct Begun {
    /// The numbers that were given, as ranges of the first and the last, in order and apart.
    given: Vec<(u32, u32)>,
    /// Those of them that have not ended, in order.
    open: VecDeque<u32>,
}

impl Operations {
    /// None, but for the memory.
    pub(super) fn clear(&mut self) {
        self.processes.iter_mut().for_each(Begun::clear);
    }

    /// The process at a node has ended.
    pub(super) fn forget(&mut self, node: NodeId) {
        self.processes.get_mut(node.index()).into_iter().for_each(Begun::clear);
    }

    /// The process at a node begins an operation.
    pub(super) fn begin(&mut self, node: NodeId, number: u32) -> Result<(), OperationError> {
        if self.processes.len() <= node.index() {
            self.processes.resize_with(node.index() + 1, Begun::default);
        }
        self.processes[node.index()].begin(number)
    }

    /// It ends one.
    pub(super) fn end(&mut self, node: NodeId, number: u32) -> Result<(), OperationError> {
        self.processes.get_mut(node.index()).ok_or(OperationError::NeverBegun)?.end(number)
    }
}

impl Begun {
    fn clear(&mut self) {
        self.given.clear();
        self.open.clear();
    }

    /// The place of the first range that does not end before `number`.
    fn place(&self, number: u32) -> usize {
        self.given.partition_point(|(_, last)| *last < number)
    }

    fn has(&self, number: u32) -> bool {
        self.given.get(self.place(number)).is_some_and(|(first, _)| *first <= number)
    }

    fn begin(&mut self, number: u32) -> Result<(), OperationError> {
        if self.has(number) {
            return Err(OperationError::BegunTwice);
        }
        let place = self.place(number);
        let follows = |range: &(u32, u32)| range.1.checked_add(1) == Some(number);
        let follows = place.checked_sub(1).filter(|before| follows(&self.given[*before]));
        let leads = self.given.get(place).is_some_and(|(first, _)| number.checked_add(1) == Some(*first));
        match (follows, leads) {
            (Some(before), true) => self.given[before].1 = self.given.remove(place).1,
            (Some(before), false) => self.given[before].1 = number,
            (None, true) => self.given[place].0 = number,
            (None, false) => self.given.insert(place, (number, number)),
        }
        let place = self.open.partition_point(|open| *open < number);
        self.open.insert(place, number);
        Ok(())
    }

    fn end(&mut self, number: u32) -> Result<(), OperationError> {
        match self.open.binary_search(&number) {
            Ok(place) => {
                self.open.remove(place);
                Ok(())
            }
            Err(_) if self.has(number) => Err(OperationError::EndedTwice),
            Err(_) => Err(OperationError::NeverBegun),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_says_what_a_plain_list_of_all_operations_says(
            acts in prop::collection::vec((0..3_u32, 0..12_u32, 0..9_u8), 0..80),
        ) {
            let (mut operations, mut twin) = (Operations::default(), BTreeMap::<(u32, u32), bool>::new());
            for (node, number, what) in acts {
                // At the end of the numbers, too.
                let number = if number > 9 { u32::MAX - (number - 10) } else { number };
                let (id, known) = (NodeId::new(node), twin.get(&(node, number)).copied());
                match what {
                    0 => {
                        operations.forget(id);
                        twin.retain(|(other, _), _| *other != node);
                    }
                    1..5 => {
                        let expected = known.map_or(Ok(()), |_| Err(OperationError::BegunTwice));
                        prop_assert_eq!(operations.begin(id, number), expected);
                        twin.entry((node, number)).or_insert(false);
                    }
                    _ => {
                        let expected = match known {
                            None => Err(OperationError::NeverBegun),
                            Some(true) => Err(OperationError::EndedTwice),
                            Some(false) => Ok(()),
                        };
                        prop_assert_eq!(operations.end(id, number), expected);
                        twin.entry((node, number)).and_modify(|has_ended| *has_ended = true);
                    }
                }
            }
        }
    }

    #[test]
    fn numbers_that_are_given_in_order_take_no_memory_when_they_have_ended() {
        let mut begun = Begun::default();
        for number in 0..10_000 {
            assert_eq!((begun.begin(number), begun.end(number)), (Ok(()), Ok(())));
        }
        assert_eq!((begun.given.capacity() <= 4, begun.open.capacity() <= 4), (true, true));
    }
}

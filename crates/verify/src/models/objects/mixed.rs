//! Objects of several kinds at once, as far as an order of all of them has to be sought.

use constellation_trace::{Call, Names};

use super::{Counter, FailedSet, List, Mutex, Object, Queue, Register, Set, Text};
use crate::models::specification::{Answer, Bonds, Specification, Sum};

/// Makes one specification of several: each operation and state says of which it is. A state that nobody has touched is of
/// none of them.
macro_rules! mixed {
    ($($kind:ident $specification:ident),*) => {
        /// An object of any kind: which, its first operation tells.
        #[derive(Clone, Copy, Debug)]
        pub(in crate::models) struct Mixed {
            failed_set: FailedSet,
            /// As what it reads operations.
            object: Object,
        }

        /// An operation of one of them.
        #[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
        pub(in crate::models) enum MixedOperation {
            $($kind(<$kind as Specification>::Operation)),*
        }

        /// What one of them holds.
        #[derive(Clone, Debug, Eq, Hash, PartialEq)]
        pub(in crate::models) enum MixedState {
            Untouched,
            $($kind(<$kind as Specification>::State)),*
        }

        impl Mixed {
            /// Objects of all kinds, of which those of this kind are read.
            pub(in crate::models) const fn new(object: Object, failed_set: FailedSet) -> Mixed {
                Mixed { failed_set, object }
            }
        }

        impl Specification for Mixed {
            type Operation = MixedOperation;
            type State = MixedState;

            fn operation(
                &self,
                call: &Call,
                answer: Answer<'_>,
                texts: &mut Names,
            ) -> Result<Option<MixedOperation>, String> {
                match self.object {
                    $(Object::$kind => {
                        let read = self.$specification().operation(call, answer, texts)?;
                        Ok(read.map(MixedOperation::$kind))
                    })*
                }
            }

            fn init(&self) -> MixedState {
                MixedState::Untouched
            }

            fn step(&self, state: &MixedState, operation: &MixedOperation) -> Option<MixedState> {
                match (operation, state) {
                    $((MixedOperation::$kind(operation), MixedState::$kind(state)) => {
                        self.$specification().step(state, operation).map(MixedState::$kind)
                    }
                    (MixedOperation::$kind(operation), MixedState::Untouched) => {
                        self.$specification().step(&self.$specification().init(), operation).map(MixedState::$kind)
                    })*
                    _ => None,
                }
            }

            fn is_pure(&self, operation: &MixedOperation) -> bool {
                match operation {
                    $(MixedOperation::$kind(operation) => self.$specification().is_pure(operation)),*
                }
            }

            fn bonds(&self, operation: &MixedOperation) -> Option<Bonds> {
                match operation {
                    $(MixedOperation::$kind(operation) => self.$specification().bonds(operation)),*
                }
            }

            fn sum(&self, operation: &MixedOperation) -> Option<Sum> {
                match operation {
                    $(MixedOperation::$kind(operation) => self.$specification().sum(operation)),*
                }
            }

            fn bytes(&self, state: &MixedState) -> usize {
                match state {
                    MixedState::Untouched => 0,
                    $(MixedState::$kind(state) => self.$specification().bytes(state)),*
                }
            }
        }
    };
}

mixed!(Register register, List list, Counter counter, Set set, Queue queue, Mutex mutex, Text text);

impl Mixed {
    const fn register(self) -> Register {
        Register { failed_set: self.failed_set }
    }

    const fn list(self) -> List {
        List
    }

    const fn counter(self) -> Counter {
        Counter
    }

    const fn set(self) -> Set {
        Set
    }

    const fn queue(self) -> Queue {
        Queue
    }

    const fn mutex(self) -> Mutex {
        Mutex
    }

    const fn text(self) -> Text {
        Text
    }
}

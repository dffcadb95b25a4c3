//! Objects of several kinds in one history, which one order has to explain.

use std::collections::VecDeque;

use constellation_trace::{Call, Names};
use constellation_verify::models::{
    self, Answer, Counter, CounterOperation, Queue, QueueOperation, Recorded, Specification,
};
use proptest::prelude::*;

use super::objects::{Drawn, from_drawn, number, patience};
use super::orders::{self, Rule};

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn queues_and_counters_together_are_judged_as_a_twin_of_both_does(
        drawn in proptest::collection::vec(any::<Drawn>(), 1..7),
    ) {
        let history = from_drawn(&drawn, |kind, value, answer| match kind % 6 {
            0 => format!("enqueue {}", number(value)),
            1 => "dequeue =".to_owned(),
            2 => format!("dequeue = {}", number(answer)),
            3 => "count c 1".to_owned(),
            _ => format!("read c = {}", number(answer)),
        });
        if !history.operations().iter().any(|operation| matches!(operation.call, Call::Add { .. })) {
            // Whoever only reads could read a register.
            return Ok(());
        }
        let ops = orders::of_history(&Both, &history).expect("all are operations of one of them");
        let twin = orders::is_explained(&Both, &ops, Rule::Sequential);
        let model = models::find("sequential").expect("it is there");
        let finding = model.judge(&Recorded::from(&history), &mut patience());
        prop_assert_eq!(finding.word(), if twin { "holds" } else { "violated" }, "{:?}", history);
    }
}

/// A queue and a counter, for the twin.
struct Both;

impl Specification for Both {
    type Operation = Result<QueueOperation, CounterOperation>;
    type State = (VecDeque<u32>, i128);

    fn operation(
        &self,
        call: &Call,
        answer: Answer<'_>,
        texts: &mut Names,
    ) -> Result<Option<Self::Operation>, String> {
        match call {
            Call::Other { .. } => Ok(Queue.operation(call, answer, texts)?.map(Ok)),
            _ => Ok(Counter.operation(call, answer, texts)?.map(Err)),
        }
    }

    fn init(&self) -> Self::State {
        (Queue.init(), Counter.init())
    }

    fn step(&self, (queue, counter): &Self::State, operation: &Self::Operation) -> Option<Self::State> {
        match operation {
            Ok(operation) => Some((Queue.step(queue, operation)?, *counter)),
            Err(operation) => Some((queue.clone(), Counter.step(counter, operation)?)),
        }
    }
}

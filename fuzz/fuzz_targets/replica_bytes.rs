//! What a node reads of others and of its own disk: canonical envelopes, and a replica that stays usable after any bytes.
#![no_main]

use constellation_clock::bytes::{Limits, Wire};
use constellation_clock::{
    DottedClock, Durability, Envelope, HybridStamp, LamportStamp, Replica, VectorStamp,
};
use constellation_fabric::{Effects, Input, Node, Now};
use constellation_trace::{Elapsed, NodeId, WallTime};
use libfuzzer_sys::fuzz_target;

const NOW: Now = Now { wall: WallTime::from_ns(0), elapsed: Elapsed::from_ns(0) };

fuzz_target!(|bytes: &[u8]| {
    round_trip::<LamportStamp>(bytes);
    round_trip::<HybridStamp>(bytes);
    if let Some(envelope) = round_trip::<VectorStamp>(bytes) {
        let mut replica = replica();
        let before = replica.vector().stamp().clone();
        if replica.receive(NodeId::new(1), envelope, &mut Effects::receiving()).is_err() {
            assert_eq!(
                *replica.vector().stamp(),
                before,
                "a refused envelope leaves the clocks as they were"
            );
            assert_eq!(replica.events().count(), 0, "nor is it logged");
        }
        goes_on(&mut replica);
    }
    let mut restarted = replica();
    let state = Some(bytes.to_vec());
    restarted.on(NOW, Input::Restart { state, incarnation: 1 }, &mut Effects::new());
    goes_on(&mut restarted);
});

fn round_trip<M: Wire>(bytes: &[u8]) -> Option<Envelope<M>> {
    let envelope = Envelope::<M>::decode(bytes, &Limits::STANDARD).ok()?;
    assert_eq!(envelope.encode(), bytes, "not canonical");
    assert!(envelope.payload.len() <= bytes.len(), "a payload out of nowhere");
    Some(envelope)
}

fn replica() -> Replica<DottedClock> {
    Replica::new(["here", "there"], NodeId::new(0), Durability::EveryEvent, |identity, _| {
        DottedClock::new(identity.as_str())
    })
}

/// An event is accepted, logged, and has a counter above all that was there before.
fn goes_on(replica: &mut Replica<DottedClock>) {
    let (count, own) = (replica.events().count(), replica.vector().own());
    if replica.try_submit(b"on".to_vec(), &mut Effects::new()).is_ok() {
        assert_eq!(replica.events().count(), count + 1);
        assert_eq!(replica.vector().own(), own + 1);
    }
}

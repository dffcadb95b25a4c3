//! A port of the bus: the steps of a node of one's own are recorded as they are said, all of a step or nothing.

use std::sync::Arc;

use constellation_clock::{Error, MessageBus};
use constellation_fabric::{Effects, Step};
use constellation_trace::{Call, Claim, ClaimKind, ClaimRef, Completion, Kind, MessageId, NodeId};

const PACIFIC: NodeId = NodeId::new(0);
const ATLANTIC: NodeId = NodeId::new(1);

fn bus() -> Arc<MessageBus> {
    Arc::new(MessageBus::recording(vec!["pacific".to_owned(), "atlantic".to_owned()]))
}

/// The steps of a node that says so.
fn steps(say: impl FnOnce(&mut Effects<Vec<u8>>)) -> Vec<Step<Vec<u8>>> {
    let mut effects = Effects::new();
    say(&mut effects);
    effects.into_parts().0
}

#[test]
fn every_kind_of_step_is_an_event_of_that_kind() {
    let bus = bus();
    let port = bus.port("pacific").expect("it is free");
    let said = steps(|effects| {
        effects.write("k", "pacific:1", Vec::new());
        effects.claim(Claim::Lamport(7));
        effects.persist(b"k".to_vec());
        effects.read("k", vec!["pacific:1".to_owned()]);
        effects.invoke(0, Call::Read { key: "k".to_owned() });
        effects.complete(0, Completion::Done);
        effects.sync();
    });
    for step in &said {
        port.carry_out(step, None).expect("nothing is sent");
    }
    let trace = bus.trace().expect("all of it can be recorded");
    let kinds: Vec<_> = trace.events().iter().map(|event| event.kind).collect();
    let expected =
        [Kind::Write(0), Kind::Persist, Kind::Read(0), Kind::Invoke(0), Kind::Complete(0), Kind::Local];
    assert_eq!(kinds, expected);
    let first = trace.event_ids().next().expect("there are six");
    assert_eq!(trace.claim(first, ClaimKind::Lamport), Some(ClaimRef::Lamport(7)));
}

#[tokio::test]
async fn a_step_goes_to_all_or_to_nobody() {
    let bus = Arc::new(
        MessageBus::recording(vec!["pacific".to_owned(), "atlantic".to_owned(), "antarctic".to_owned()])
            .with_held_max(1),
    );
    bus.partition(&["pacific"], &["atlantic", "antarctic"]);
    let (pacific, mut atlantic) =
        (bus.port("pacific").expect("it is free"), bus.port("atlantic").expect("it is free"));
    let both = steps(|effects| {
        effects.send(ATLANTIC, b"yaw".to_vec());
        effects.send(NodeId::new(2), b"yaw".to_vec());
    });
    assert_eq!(pacific.carry_out(&both[0], None), Err(Error::HoldFull { held_max: 1 }));
    let stranger = steps(|effects| effects.send(NodeId::new(3), b"yaw".to_vec()));
    let refused = pacific.carry_out(&stranger[0], None).map_err(|error| error.to_string());
    assert_eq!(refused, Err("there is no node `number 3` on the bus".to_owned()));
    assert!(bus.trace().expect("nothing was recorded").events().is_empty());

    bus.heal();
    pacific.carry_out(&both[0], None).expect("the links are whole");
    let letter = atlantic.recv().await.expect("the bus is open");
    assert_eq!((letter.from, &*letter.payload), (PACIFIC, &b"yaw"[..]));
    bus.close();
    assert_eq!(pacific.carry_out(&both[0], None), Err(Error::BusClosed));
    assert_eq!(atlantic.recv().await, None);
}

#[tokio::test]
async fn what_is_in_the_hands_of_a_node_that_goes_is_lost() {
    let bus = bus();
    bus.send("pacific", "atlantic", b"yaw".to_vec()).await.expect("the links are whole");
    let mut atlantic = bus.port("atlantic").expect("it is free");
    assert_eq!(atlantic.incarnation(), 0);
    atlantic.recv().await.expect("it is there");
    drop(atlantic);
    assert_eq!(bus.port("atlantic").expect("it is free again").incarnation(), 1);
    let trace = bus.trace().expect("all of it can be recorded");
    let told: Vec<_> = trace.nemesis().iter().map(|entry| format!("{:?}", entry.nemesis)).collect();
    assert_eq!(told, ["Lose(MessageId(0), Plain)"]);
}

/// Nothing of it is recorded, so that the trace is there in the end.
#[tokio::test]
async fn a_step_that_cannot_be_is_refused_and_leaves_no_trace() {
    let bus = bus();
    let (pacific, mut atlantic) =
        (bus.port("pacific").expect("it is free"), bus.port("atlantic").expect("it is free"));
    let receives = Effects::<Vec<u8>>::receiving().into_parts().0;
    let receive = |port: &constellation_clock::Port, message| {
        port.carry_out(&receives[0], message).map_err(|error| error.to_string())
    };
    let refused = |why: &str| Err(format!("the step cannot be: {why}"));
    let nobodys = Some(MessageId::new(999));
    assert_eq!(receive(&atlantic, nobodys), refused("m999 is not in the hands of atlantic"));
    assert_eq!(receive(&atlantic, None), refused("it receives, and no message is named"));

    bus.send("pacific", "atlantic", b"yaw".to_vec()).await.expect("the links are whole");
    assert_eq!(receive(&atlantic, Some(MessageId::new(0))), refused("m0 is not in the hands of atlantic"));
    let letter = atlantic.recv().await.expect("the bus is open");
    assert_eq!(receive(&pacific, Some(letter.id)), refused("m0 is not in the hands of pacific"));
    assert_eq!(receive(&atlantic, Some(letter.id)), Ok(()));
    assert_eq!(receive(&atlantic, Some(letter.id)), refused("m0 is not in the hands of atlantic"));

    let ends = steps(|effects| effects.complete(7, Completion::Done));
    let ended = pacific.carry_out(&ends[0], None).map_err(|error| error.to_string());
    assert_eq!(ended, refused("operation 7 ends at a process that never began it"));
    assert_eq!(bus.trace().expect("all that was taken can be recorded").events().len(), 2);

    let untold = Arc::new(MessageBus::new(vec!["pacific".to_owned()]));
    let refused = untold.port("pacific").expect("it is free").carry_out(&receives[0], None);
    assert!(matches!(refused, Err(Error::ImpossibleStep { .. })), "{refused:?}");
}

//! The same nodes under real time, on the asynchronous bus, held to the same promises.

use std::sync::Arc;
use std::time::Duration;

use constellation_clock::MessageBus;
use constellation_lab::prelude::*;
use constellation_live::{Clocks, bus::attach};
use passes::{Party, Request};

use crate::world::booking;

/// What happens where answers to Pacific are held back while it gives its window up. Time is tokio's, and is let run fast.
async fn run() -> Trace {
    let names = ["scheduler", "pacific", "atlantic", "indian"];
    let bus = Arc::new(MessageBus::recording(names.map(String::from).to_vec()));
    let attached = [0, 1, 2, 3].map(|id| {
        let node = Party::new(NodeId::new(id));
        attach(&bus, names[id as usize], node, Clocks::machine()).unwrap()
    });
    let (nodes, handles): (Vec<_>, Vec<_>) = attached.into_iter().unzip();
    let nodes: Vec<_> = nodes.into_iter().map(|node| tokio::spawn(node.run())).collect();
    let [_, pacific, atlantic, indian] = &handles[..] else { unreachable!("there are four") };

    let wait = |ms| tokio::time::sleep(Duration::from_millis(ms));
    pacific.request(Request::Book).unwrap();
    wait(50).await;
    bus.cut(&["scheduler"], &["pacific"]).unwrap();
    pacific.request(Request::Cancel).unwrap();
    wait(50).await;
    atlantic.request(Request::Book).unwrap();
    wait(150).await;
    indian.request(Request::Book).unwrap();
    wait(50).await;
    bus.heal();
    wait(1_000).await;
    bus.close();
    for node in nodes {
        node.await.unwrap().unwrap();
    }
    bus.trace().unwrap()
}

#[cfg(not(feature = "broken"))]
#[tokio::test(start_paused = true)]
async fn the_same_nodes_keep_the_same_promises_on_the_bus() {
    booking().check(&run().await).unwrap();
}

#[cfg(feature = "broken")]
#[tokio::test(start_paused = true)]
async fn the_mistake_is_seen_on_the_bus() {
    let told = booking().check(&run().await).unwrap_err().to_string();
    assert!(told.contains("found     indian holds window 1, which atlantic has not given up"), "{told}");
}

//! The gossip as turmoil runs it: a host for each node, and a socket.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use turmoil::net::UdpSocket;

use crate::gossip::{fold, next, share};

const NODES: u32 = 4;
const PORT: u16 = 9;

/// Runs until at least so many messages have arrived; how many did.
pub(crate) fn gossip(seed: u64, in_flight: u32, deliveries: u64) -> u64 {
    let mut sim = turmoil::Builder::new()
        .rng_seed(seed)
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(Duration::from_millis(10))
        .simulation_duration(Duration::from_secs(1 << 40))
        // Its default of 64 would lose some of a thousand.
        .udp_capacity(1 << 20)
        .build();
    let delivered = Rc::new(Cell::new(0));
    for me in 0..NODES {
        let delivered = Rc::clone(&delivered);
        sim.host(name(me), move || node(me, in_flight, Rc::clone(&delivered)));
    }
    while delivered.get() < deliveries {
        sim.step().expect("no host ends");
    }
    delivered.get()
}

async fn node(me: u32, in_flight: u32, delivered: Rc<Cell<u64>>) -> turmoil::Result {
    let addresses: Vec<_> = (0..NODES).map(|node| (turmoil::lookup(name(node)), PORT)).collect();
    let socket = UdpSocket::bind(("0.0.0.0", PORT)).await?;
    let address = |sum| addresses[next(me, NODES, sum) as usize];
    for nth in 0..u64::from(share(me, NODES, in_flight)) {
        socket.send_to(&nth.to_le_bytes(), address(nth << 32)).await?;
    }
    let mut sum = 0;
    loop {
        let mut message = [0; 8];
        socket.recv_from(&mut message).await?;
        delivered.set(delivered.get() + 1);
        sum = fold(sum, u64::from_le_bytes(message));
        socket.send_to(&sum.to_le_bytes(), address(sum)).await?;
    }
}

fn name(node: u32) -> String {
    format!("node{node}")
}

//! Four stations, a partition of the Antarctic relay, two concurrent updates, and no silent winner.
//!
//! Run it with `cargo run --example conjunction`.

#![deny(warnings)]

use std::error::Error;
use std::sync::Arc;

use constellation_clock::bytes::Limits;
use constellation_clock::{Catalog, ClusterNode, Context, MessageBus, Update};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let ids = ["pacific", "indian_ocean", "atlantic", "antarctic"];
    let bus = Arc::new(MessageBus::new(ids.map(String::from).to_vec()));
    let mut nodes = ids.map(|id| ClusterNode::new(id.to_string(), bus.clone()));
    println!("online    {}", ids.join(" "));

    // The relay goes down: pacific and antarctic on one side, the Indian Ocean and the Atlantic on the other.
    bus.partition(&["pacific", "antarctic"], &["indian_ocean", "atlantic"]);
    println!("partition pacific antarctic | indian_ocean atlantic");

    // Two stations update the attitude of MSS-17. Neither can know of the other.
    let mut catalogs = ["pacific", "indian_ocean"].map(Catalog::<Vec<u8>>::new);
    for (at, value) in ["roll 2", "roll 5"].into_iter().enumerate() {
        let update = catalogs[at].put("MSS-17", value.into(), &Context::default())?;
        let event = nodes[at].submit(update.encode()).await;
        println!("submit    {} {value}: lamport {} vector {:?}", ids[at], event.lamport, event.entries());
    }
    for node in &mut nodes {
        node.drain().await;
    }
    check("partition holds", nodes[0].events().len() == 1 && nodes[1].events().len() == 1)?;

    bus.heal();
    println!("heal");
    for node in &mut nodes {
        let handled = node.drain().await;
        println!("receive   {} handles {handled}, knows {} events", node.id(), node.events().len());
    }
    check("heal delivers everything to everybody", nodes.iter().all(|node| node.events().len() == 2))?;

    for (at, catalog) in catalogs.iter_mut().enumerate() {
        let theirs = nodes[at].events().find(|event| event.origin != ids[at]).ok_or("nothing arrived")?;
        let update = Update::decode(&theirs.payload, &Limits::STANDARD)?;
        let reconciled = catalog.reconcile(&update)?;
        println!("{}: reconcile(..) -> {reconciled}", ids[at]);
        check(
            "no silent winner",
            reconciled.to_string() == "CONCURRENT" && catalog.get("MSS-17").values.len() == 2,
        )?;
    }
    Ok(())
}

/// One line a promise; a broken one ends the program with exit code 1.
fn check(promise: &str, is_kept: bool) -> Result<(), String> {
    println!("{}      {promise}", if is_kept { "PASS" } else { "FAIL" });
    if is_kept { Ok(()) } else { Err(format!("broken: {promise}")) }
}

#[test]
fn every_promise_is_kept() -> Result<(), Box<dyn Error>> {
    main()
}

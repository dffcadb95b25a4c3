//! What runs at sites: it is reached, killed, paused, started again, and what it does wrong is a result.

use constellation_fabric::Link;

use crate::bench::{line, on_switch, options, start};

#[test]
fn a_line_over_tcp_goes_to_another_site_and_back() {
    let Some(testbed) = on_switch(options(3, Link::INSTANT)) else { return };
    let [here, there] = [testbed.address(0, 2), testbed.address(2, 2)];
    let server = start(testbed.site(2), "server", ["tcp-echo", &there.to_string()]);
    assert_eq!(line(&server), "ready");
    let client = start(testbed.site(0), "client", ["talk", &here.to_string()]);
    assert_eq!(line(&client), "connected");
    client.write_line("hello").expect("the client is there");
    let answer = line(&client);
    assert!(answer.ends_with(" hello"), "{answer}");
    assert!(testbed.counts(0, 2).carried >= 3, "{:?}", testbed.counts(0, 2));
    assert_eq!(testbed.total().cut, 0);
}

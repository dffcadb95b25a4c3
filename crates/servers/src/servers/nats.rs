//! NATS JetStream: a cluster of three servers, and a key/value bucket with three replicas on it.

use std::time::Duration;

use super::mode;
use crate::adapters::seat::{Reads, Seat};
use crate::server::{Fresh, Mode, Need, Program, Server, ServerInfo, Sites, Step};

/// Where clients are served.
const CLIENTS: u16 = 4222;
/// Where servers talk to each other.
const ROUTES: u16 = 6222;

/// NATS with JetStream, with the time-outs that it has by itself: a leader that is not heard of is given up after 4 to 9 s,
/// which is longer than a round's cut.
#[derive(Clone, Copy, Debug)]
pub struct Nats;

impl Server for Nats {
    fn info(&self) -> ServerInfo {
        // "The formal consistency model of NATS JetStream is Linearizable."
        let linearizable = Some("linearizable");
        ServerInfo {
            name: "nats".to_owned(),
            title: "NATS JetStream key/value".to_owned(),
            needs: vec![Need {
                program: "nats-server".to_owned(),
                folders: vec!["/usr/sbin".to_owned()],
                package: "nats-server".to_owned(),
            }],
            version: vec!["--version".to_owned()],
            modes: vec![
                mode(
                    "leader-get",
                    "the leader of the bucket's stream answers gets",
                    linearizable,
                    Some(("nats", "stream with three replicas")),
                ),
                mode(
                    "direct-get",
                    "any replica answers gets, as a bucket allows that is made by a client of today",
                    // "We do guarantee immediate consistency when it comes to monotonic writes and monotonic reads. We don't
                    // guarantee read your writes."
                    Some("monotonic-reads"),
                    Some(("nats", "key/value bucket with direct gets")),
                ),
            ],
            fresh: Fresh::Keys,
            ready_within: Duration::from_secs(40),
        }
    }

    fn start(&self, _mode: &Mode, sites: &Sites) -> Vec<(usize, Step)> {
        let mut steps = Vec::new();
        for (nth, site) in sites.all.iter().enumerate() {
            let others = (0..sites.count()).filter(|other| *other != nth);
            let routes = others.map(|other| format!("nats-route://{}", sites.reach(nth, other, ROUTES)));
            let text = format!(
                "server_name: {}\nlisten: \"{}\"\njetstream {{ store_dir: \"jetstream\" }}\n\
                 cluster {{\n  name: constellation\n  listen: \"{}\"\n  no_advertise: true\n  routes: [{}]\n}}\n",
                site.name,
                sites.listen(nth, CLIENTS),
                sites.listen(nth, ROUTES),
                routes.map(|route| format!("\"{route}\"")).collect::<Vec<_>>().join(", "),
            );
            steps.push((nth, Step::File { path: "nats.conf".into(), text }));
            let file = site.folder.join("nats.conf").display().to_string();
            let program = Program::named("nats-server", ["--config", &file]);
            steps.push((nth, Step::Begin { name: "nats".to_owned(), program }));
        }
        steps
    }

    fn adapter(&self, mode: &Mode, sites: &Sites, site: usize) -> Program {
        let servers = (0..sites.count()).map(|target| sites.reach(site, target, CLIENTS)).collect();
        let reads = if mode.name == "direct-get" { Reads::Local } else { Reads::Leader };
        Program::adapter("nats", Seat { reads, ..Seat::new(site, servers) }.arguments())
    }
}

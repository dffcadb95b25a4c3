//! etcd: three members, started anew.

use std::time::Duration;

use super::mode;
use crate::adapters::seat::{Reads, Seat};
use crate::server::{Fresh, Mode, Need, Program, Server, ServerInfo, Sites, Step};

/// Where clients are served.
const CLIENTS: u16 = 2379;
/// Where members talk to each other.
const PEERS: u16 = 2380;

/// etcd, with the heartbeats and time-outs that it has by itself.
#[derive(Clone, Copy, Debug)]
pub struct Etcd;

impl Server for Etcd {
    fn info(&self) -> ServerInfo {
        ServerInfo {
            name: "etcd".to_owned(),
            title: "etcd".to_owned(),
            needs: vec![Need {
                program: "etcd".to_owned(),
                folders: Vec::new(),
                package: "etcd-server".to_owned(),
            }],
            version: vec!["--version".to_owned()],
            modes: vec![
                mode(
                    "linearizable",
                    "reads are linearizable, as they are by default: a member confirms the leader before it answers",
                    // "strict serializability for all KV API calls".
                    Some("linearizable"),
                    Some(("etcd", "default reads (linearizable)")),
                ),
                mode(
                    "serializable",
                    "reads are serializable: each member answers from its own state",
                    // Serializability alone: reads may be old, and all see one order.
                    Some("sequential"),
                    Some(("etcd", "serializable reads")),
                ),
            ],
            fresh: Fresh::Keys,
            ready_within: Duration::from_secs(20),
        }
    }

    fn start(&self, _mode: &Mode, sites: &Sites) -> Vec<(usize, Step)> {
        // A member's identity is computed from the addresses of all, so all must name the same ones.
        let peers: Vec<String> =
            (0..sites.count()).map(|site| format!("http://{}", sites.listen(site, PEERS))).collect();
        let cluster = sites.all.iter().zip(&peers).map(|(site, peer)| format!("{}={peer}", site.name));
        let cluster = cluster.collect::<Vec<_>>().join(",");
        let member = |(nth, peer): (usize, &String)| {
            let clients = format!("http://{}", sites.listen(nth, CLIENTS));
            let arguments = [
                ("--name", sites.all[nth].name.as_str()),
                ("--data-dir", "data"),
                ("--listen-client-urls", &clients),
                ("--advertise-client-urls", &clients),
                ("--listen-peer-urls", peer),
                ("--initial-advertise-peer-urls", peer),
                ("--initial-cluster", &cluster),
                ("--initial-cluster-state", "new"),
                ("--initial-cluster-token", "constellation"),
            ];
            let arguments = arguments.iter().flat_map(|(name, value)| [*name, *value]);
            // As it is by itself from 3.5 on: else a member that was cut off deposes the leader when it is back.
            let arguments = arguments.chain(["--pre-vote"]);
            // It keeps all that a key ever held up to 2 GB, and then takes no write; a hunt of days would come to that.
            let compaction = ["--auto-compaction-mode", "revision", "--auto-compaction-retention", "10000"];
            let program = Program::named("etcd", arguments.chain(compaction));
            (nth, Step::Begin { name: "etcd".to_owned(), program })
        };
        peers.iter().enumerate().map(member).collect()
    }

    fn adapter(&self, mode: &Mode, sites: &Sites, site: usize) -> Program {
        let servers = (0..sites.count()).map(|target| sites.reach(site, target, CLIENTS)).collect();
        let reads = if mode.name == "serializable" { Reads::Local } else { Reads::Leader };
        Program::adapter("etcd", Seat { reads, ..Seat::new(site, servers) }.arguments())
    }
}

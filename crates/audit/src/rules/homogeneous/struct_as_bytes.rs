//! A structure as it lies in memory: the rule `homogeneous::struct-as-bytes`.

use syn::{Expr, GenericArgument, PathArguments, Type};

use crate::look::{Call, Found, Look};
use crate::syntax::span;

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "homogeneous::struct-as-bytes",
    family: Family::Homogeneous,
    level: Level::Warn,
    title: "a structure sent as it lies in memory",
    page: Page {
        why: "How a structure lies in memory depends on the processor, the compiler and its settings: order, \
              gaps, the size of a pointer, which end of a number comes first. The gaps hold whatever was \
              there before.",
        incident: "A station with another processor joins, and reads a length of 16 million where 1 was sent. \
                   It asks for as much memory, and is gone.",
        instead: "write each field in a named order: `to_be_bytes`, a codec, or types of zerocopy such as \
                  `U32<BE>`",
        better: "out.put_u16(header.kind);\n\
                 out.put_u32(header.length);",
        alike: &[
            "bytes that are seen as bytes",
            "structures that never leave: for a graphics card, a system call, a map of a file",
        ],
        allow: "If whoever reads it is always the same program on the same machine, say so.",
        shows: &[],
        unshown: "all stations of a run are one program on one machine, and hold each number alike",
        links: &["the crates zerocopy and bytemuck"],
    },
    looks: &[Look::Call(look)],
};

/// Where these are named, something may go to another machine.
const NETWORK: [&str; 9] =
    ["tcp", "udp", "socket", "packet", "wire", "datagram", "peer", "network", "stream"];

/// Where these are named, it goes to the system or a device.
const OWN: [&str; 12] = [
    "ioctl",
    "syscall",
    "mmap",
    "gpu",
    "simd",
    "ffi",
    "libc",
    "shader",
    "vertex",
    "wgpu",
    "setsockopt",
    "sockaddr",
];

fn look<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    let is_structure = match &*call.path {
        "std::slice::from_raw_parts" | "std::slice::from_raw_parts_mut" => is_seen_as_bytes(call, scope),
        "std::mem::transmute" => is_turned(call),
        "std::ptr::read" | "std::ptr::read_unaligned" => is_read_from_bytes(call),
        _ => return,
    };
    if !is_structure {
        return;
    }
    found.looked(call.span);
    // For the system, a device or a map of a file such bytes are right.
    const SOCKETS: [&str; 5] = ["TcpStream", "UdpSocket", "TcpListener", "AsyncWrite", "AsyncWriteExt"];
    let whole = 0..scope.source.text.len();
    let is_near = SOCKETS.iter().any(|name| scope.source.has_name(&whole, name)) || scope.mentions(&NETWORK);
    let is_sent = scope.reads_network() || super::native_endian::writes_network(scope);
    if scope.mentions(&OWN) || !is_near && !is_sent {
        return;
    }
    let here =
        "another machine may order these bytes otherwise, leave other gaps, and count from the other end";
    found.say_at(if is_sent { RULE.level } else { Level::Info }, span(call.expr), scope, here);
}

/// `from_raw_parts(&header as *const Header as *const u8, size_of::<Header>())`
fn is_seen_as_bytes(call: &Call<'_>, scope: &Scope<'_>) -> bool {
    let range = scope.source.range(span(call.expr));
    let has = |name: &str| scope.source.has_name(&range, name);
    let to_bytes = call.expr.args.first().is_some_and(|argument| match argument {
        Expr::Cast(cast) => is_pointer_to(&cast.ty, |name| name == "u8"),
        Expr::MethodCall(cast) => cast.method == "cast" && has("u8"),
        _ => false,
    });
    to_bytes && (has("size_of") || has("size_of_val"))
}

/// `transmute::<Header, [u8; 8]>`, or back.
fn is_turned(call: &Call<'_>) -> bool {
    let Expr::Path(path) = &*call.expr.func else { return false };
    let Some(PathArguments::AngleBracketed(types)) = path.path.segments.last().map(|last| &last.arguments)
    else {
        return false;
    };
    let is_bytes = |argument: &GenericArgument| match argument {
        GenericArgument::Type(Type::Array(array)) => is_named(&array.elem, |name| name == "u8"),
        _ => false,
    };
    types.args.len() == 2 && types.args.iter().filter(|argument| is_bytes(argument)).count() == 1
}

/// `read(bytes.as_ptr() as *const Header)`
fn is_read_from_bytes(call: &Call<'_>) -> bool {
    let is_structure = |name: &str| name.starts_with(char::is_uppercase);
    call.expr.args.first().is_some_and(|argument| match argument {
        Expr::Cast(cast) => {
            let is_from_bytes = matches!(&*cast.expr, Expr::MethodCall(from) if from.method == "as_ptr");
            is_from_bytes && is_pointer_to(&cast.ty, is_structure)
        }
        _ => false,
    })
}

fn is_pointer_to(kind: &Type, is: impl Fn(&str) -> bool) -> bool {
    matches!(kind, Type::Ptr(pointer) if is_named(&pointer.elem, is))
}

fn is_named(kind: &Type, is: impl Fn(&str) -> bool) -> bool {
    match kind {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| is(&last.ident.to_string())),
        _ => false,
    }
}

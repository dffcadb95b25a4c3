//! What is known where a rule looks: the function around, what names mean, and of which type something is, as far as the file
//! says.
//!
//! Nothing here checks types. A type is known if a declaration in the same file says it: of a variable, a parameter, a field,
//! a function's result, or what a library is known to give.

mod typed;

use std::ops::Range;

use proc_macro2::Span;
use syn::{
    Block, Expr, ExprForLoop, ExprLoop, ExprWhile, FnArg, Generics, Ident, Macro, Pat, Signature, Type,
};

use crate::bodies::Bodies;
use crate::effort;
use crate::finding::Setting;
use crate::knowledge::{Act, Knowledge};
use crate::outline::{GLOB_ROUNDS, Names, Outline, text_of};
use crate::source::Source;
use crate::syntax::{any_expr, called, peel, variable};
use crate::words::says;
pub(crate) use typed::Typed;

/// What is known at one place of a file.
pub(crate) struct Scope<'a> {
    pub(crate) source: &'a Source<'a>,
    pub(crate) knowledge: &'a Knowledge,
    pub(crate) outline: &'a Outline<'a>,
    pub(crate) bodies: &'a Bodies,
    /// Whether this is test code.
    pub(crate) setting: Setting,
    /// The module, as a path that begins with `crate`.
    pub(crate) module: String,
    /// Of whom the functions here are methods.
    pub(crate) self_type: Option<&'a Type>,
    pub(crate) generics: Vec<&'a Generics>,
    pub(crate) functions: Vec<Function<'a>>,
    /// The expressions around, the outermost first; the last is the one that is looked at.
    pub(crate) parents: Vec<&'a Expr>,
    /// The macros around, each with how many expressions are around it.
    pub(crate) macros: Vec<(usize, &'a Macro)>,
    pub(crate) bindings: Vec<Binding<'a>>,
    /// What was declared in blocks around.
    pub(crate) blocks: Vec<Names>,
}

/// A function with a body.
#[derive(Clone)]
pub(crate) struct Function<'a> {
    pub(crate) name: String,
    pub(crate) signature: &'a Signature,
    pub(crate) block: &'a Block,
    /// All of it, in bytes.
    pub(crate) span: Range<usize>,
}

/// A loop of any kind.
#[derive(Clone, Copy)]
pub(crate) enum Loop<'a> {
    For(&'a ExprForLoop),
    While(&'a ExprWhile),
    Endless(&'a ExprLoop),
}

impl<'a> Loop<'a> {
    /// What is done again and again.
    pub(crate) fn body(self) -> &'a Block {
        match self {
            Loop::For(found) => &found.body,
            Loop::While(found) => &found.body,
            Loop::Endless(found) => &found.body,
        }
    }

    /// The word that it begins with.
    pub(crate) fn word(self) -> Span {
        match self {
            Loop::For(found) => found.for_token.span,
            Loop::While(found) => found.while_token.span,
            Loop::Endless(found) => found.loop_token.span,
        }
    }
}

/// A variable.
#[derive(Clone, Copy)]
pub(crate) struct Binding<'a> {
    pub(crate) name: &'a Ident,
    pub(crate) origin: Origin<'a>,
}

/// Where the value of a variable comes from.
#[derive(Clone, Copy)]
pub(crate) enum Origin<'a> {
    /// Its type is written.
    Type(&'a Type),
    /// It was this at first, or what is in this.
    Value(&'a Expr),
    /// A part of a tuple.
    Part(&'a Expr, usize),
    /// Nobody knows.
    Unknown,
}

/// What a receiver is to the network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Carrier {
    /// Bytes leave the machine, or come from outside.
    Socket,
    /// As a socket, with a buffer between.
    Buffered,
    /// A file, a buffer, a channel: nothing leaves.
    Local,
    /// Nobody knows.
    Unknown,
}

/// Names that sockets have.
const SOCKET_WORDS: [&str; 8] = ["socket", "sock", "stream", "conn", "connection", "tcp", "udp", "peer"];

impl<'a> Scope<'a> {
    /// The innermost function around.
    pub(crate) fn function(&self) -> Option<&Function<'a>> {
        self.functions.last()
    }

    /// Whether the function around has a name in it that says one of these words, which are small; true for none outside.
    pub(crate) fn mentions(&self, words: &[&str]) -> bool {
        self.function().is_some_and(|function| self.source.mentions(&function.span, words))
    }

    /// Whether one of these names stands in the function around, as a whole.
    pub(crate) fn has_name(&self, names: &[&str]) -> bool {
        self.function()
            .is_some_and(|function| names.iter().any(|name| self.source.has_name(&function.span, name)))
    }

    /// The expressions around what is looked at, the innermost first, as far as the function goes.
    pub(crate) fn around(&self) -> impl Iterator<Item = &'a Expr> {
        self.parents.iter().rev().skip(1).copied()
    }

    /// The innermost loop around what is looked at, as far as the function or closure goes.
    pub(crate) fn loop_around(&self) -> Option<Loop<'a>> {
        for expr in self.around() {
            match expr {
                Expr::ForLoop(found) => return Some(Loop::For(found)),
                Expr::While(found) => return Some(Loop::While(found)),
                Expr::Loop(found) => return Some(Loop::Endless(found)),
                Expr::Closure(_) | Expr::Async(_) => return None,
                _ => {}
            }
        }
        None
    }

    /// The macro of which what is looked at is an argument.
    pub(crate) fn argument_of(&self) -> Option<&'a Macro> {
        self.macros.last().filter(|(around, _)| around + 1 == self.parents.len()).map(|(_, invoked)| *invoked)
    }

    /// Goes into a block that declares something.
    pub(crate) fn open(&mut self, names: Names) {
        self.blocks.push(names);
        for _ in 0..GLOB_ROUNDS {
            let names = &self.blocks[self.blocks.len() - 1];
            let brought = self.outline.bring(names, &self.module, &self.blocks, self.knowledge);
            if let Some(names) = self.blocks.last_mut() {
                names.brought = brought;
            }
        }
    }

    /// The full path of what is called so here.
    pub(crate) fn path(&self, path: &syn::Path) -> String {
        let text = text_of(path);
        let text = match text.strip_prefix("Self") {
            Some(rest) if rest.is_empty() || rest.starts_with("::") => match self.self_type {
                Some(Type::Path(owner)) => format!("{}{rest}", text_of(&owner.path)),
                _ => text,
            },
            _ => text,
        };
        self.resolve(&text, &self.module, &self.blocks)
    }

    pub(super) fn resolve(&self, text: &str, module: &str, blocks: &[Names]) -> String {
        self.knowledge.canonical(self.outline.resolve(text, module, blocks, self.knowledge))
    }

    /// The variable that is called so here.
    pub(crate) fn binding(&self, name: &Ident) -> Option<&Binding<'a>> {
        self.bindings.iter().rev().take_while(|_| effort::spend(1)).find(|binding| binding.name == name)
    }

    /// What the variable was at first, if that stands here.
    pub(crate) fn value(&self, name: &Ident) -> Option<&'a Expr> {
        match self.binding(name)?.origin {
            Origin::Value(value) => Some(value),
            _ => None,
        }
    }

    /// What something was made of, step by step: under `?` and the like, what a variable was at first, what was converted. It
    /// begins with the thing itself; a variable is one step, and what it was at first the next.
    pub(crate) fn made_of(&self, expr: &'a Expr) -> Vec<&'a Expr> {
        const STEPS_MAX: usize = 8;
        let mut known = self.bindings.len();
        let mut steps = vec![peel(expr)];
        while steps.len() < STEPS_MAX {
            let next = match steps[steps.len() - 1] {
                Expr::Call(call) => {
                    let is_conversion =
                        called(&call.func).is_some_and(|name| name == "from" || name == "try_from");
                    call.args.first().filter(|_| is_conversion && call.args.len() == 1)
                }
                other => variable(other).and_then(|name| {
                    // What it was made of was written before it was there.
                    known = self.bindings[..known]
                        .iter()
                        .rposition(|binding| !effort::spend(1) || binding.name == name)?;
                    match self.bindings[known].origin {
                        Origin::Value(value) => Some(value),
                        _ => None,
                    }
                }),
            };
            let Some(next) = next else { break };
            steps.push(peel(next));
        }
        steps
    }

    /// What a constant of this file is.
    pub(crate) fn constant(&self, expr: &Expr) -> Option<&'a Expr> {
        let Expr::Path(named) = peel(expr) else { return None };
        if named.path.get_ident().is_some_and(|name| self.binding(name).is_some()) {
            return None;
        }
        let path = self.path(&named.path);
        let path = if path.contains("::") { path } else { format!("{}::{path}", self.module) };
        self.outline.constants.get(&path).map(|constant| constant.what)
    }

    /// Of which type something is, as far as the file says.
    pub(crate) fn type_of(&self, expr: &Expr) -> Option<Typed> {
        typed::Reader::of(self).expr(expr, self.bindings.len(), 0)
    }

    /// Of which type a declared thing is.
    pub(crate) fn typed(&self, kind: &Type) -> Option<Typed> {
        typed::Reader::of(self).kind(kind, &self.module, 0)
    }

    /// What a call does, by what is known of libraries: of a path, or of a method whose receiver's type is known. What stands
    /// around it, such as `.await`, `?` or `timeout(…)`, is looked through.
    pub(crate) fn act(&self, expr: &Expr) -> Option<&'a Act> {
        match peel(expr) {
            Expr::Call(call) => {
                let Expr::Path(path) = &*call.func else { return None };
                let act = self.knowledge.function(&self.path(&path.path))?;
                match act.returns_argument {
                    Some(number) => self.act(call.args.iter().nth(number)?),
                    None => Some(act),
                }
            }
            Expr::MethodCall(call) => {
                let owner = self.type_of(&call.receiver)?;
                self.knowledge.method(Some(&owner.path), &call.method.to_string())
            }
            _ => None,
        }
    }

    /// Whether a call asks another machine and waits for what it says.
    pub(crate) fn is_remote(&self, expr: &Expr) -> bool {
        self.act(expr).is_some_and(Act::is_remote)
    }

    /// What bytes written to this, or read from it, do: by its type, and if that is not known by what it is called.
    pub(crate) fn carrier(&self, expr: &Expr) -> Carrier {
        if let Some(found) = self.type_of(expr) {
            return self.carries(&found);
        }
        match called(expr) {
            Some(name) if says(&name.to_string(), &SOCKET_WORDS) => Carrier::Socket,
            _ => Carrier::Unknown,
        }
    }

    fn carries(&self, found: &Typed) -> Carrier {
        let Some(thing) = self.knowledge.thing(&found.path) else { return Carrier::Unknown };
        match &*thing.kind {
            "socket" => Carrier::Socket,
            "buffered" => match found.of.first().map(|inner| self.carries(inner)) {
                Some(Carrier::Socket | Carrier::Buffered) => Carrier::Buffered,
                other => other.unwrap_or(Carrier::Unknown),
            },
            "lock" => found.of.first().map_or(Carrier::Unknown, |inner| self.carries(inner)),
            "local" | "channel" => Carrier::Local,
            _ => Carrier::Unknown,
        }
    }

    /// Whether this function reads what another machine wrote: from a socket, or from a parameter that may be one.
    pub(crate) fn reads_network(&self) -> bool {
        let Some(function) = self.function() else { return false };
        let is_reader = function.signature.inputs.iter().any(|input| match input {
            FnArg::Typed(input) => self.typed(&input.ty).is_some_and(|found| {
                let is = |kind| self.knowledge.is(&found.path, kind);
                is("reader")
                    || is("socket")
                    || matches!(self.carries(&found), Carrier::Socket | Carrier::Buffered)
            }),
            FnArg::Receiver(_) => false,
        });
        is_reader
            || any_expr(function.block, |expr| match expr {
                Expr::MethodCall(call) => {
                    let name = call.method.to_string();
                    let is_read = name.starts_with("read") || name.starts_with("recv") || name == "accept";
                    is_read && matches!(self.carrier(&call.receiver), Carrier::Socket | Carrier::Buffered)
                }
                _ => false,
            })
    }

    /// Binds what a pattern names.
    pub(crate) fn bind(&mut self, pat: &'a Pat, origin: Origin<'a>) {
        match pat {
            Pat::Ident(pat) => {
                self.bindings.push(Binding { name: &pat.ident, origin });
                if let Some((_, inner)) = &pat.subpat {
                    self.bind(inner, Origin::Unknown);
                }
            }
            Pat::Type(pat) => self.bind(&pat.pat, Origin::Type(&pat.ty)),
            Pat::Paren(pat) => self.bind(&pat.pat, origin),
            Pat::Reference(pat) => self.bind(&pat.pat, origin),
            Pat::Guard(pat) => self.bind(&pat.pat, origin),
            Pat::Or(pat) => {
                if let Some(first) = pat.cases.first() {
                    self.bind(first, origin);
                }
            }
            Pat::Tuple(pat) => {
                for (number, part) in pat.elems.iter().enumerate() {
                    let origin = match origin {
                        Origin::Value(value) => Origin::Part(value, number),
                        _ => Origin::Unknown,
                    };
                    self.bind(part, origin);
                }
            }
            Pat::TupleStruct(pat) => {
                let name = pat.path.segments.last().map(|segment| segment.ident.to_string());
                let is_wrapper = matches!(name.as_deref(), Some("Some" | "Ok" | "Ready"));
                let origin = if is_wrapper && pat.elems.len() == 1 { origin } else { Origin::Unknown };
                pat.elems.iter().for_each(|part| self.bind(part, origin));
            }
            Pat::Struct(pat) => pat.fields.iter().for_each(|field| self.bind(&field.pat, Origin::Unknown)),
            Pat::Slice(pat) => pat.elems.iter().for_each(|part| self.bind(part, Origin::Unknown)),
            _ => {}
        }
    }
}

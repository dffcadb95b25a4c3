//! What a file declares: its modules with what they `use`, its types with their fields, its functions, its constants.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use syn::{Expr, Field, File, ImplItem, Item, ItemUse, Signature, Type, UseTree};

use crate::effort;
use crate::knowledge::Knowledge;

/// The declarations of one file, each under its path, which begins with `crate`.
#[derive(Default)]
pub(crate) struct Outline<'a> {
    modules: BTreeMap<String, Names>,
    pub(crate) fields: BTreeMap<String, Vec<Declared<'a, &'a Field>>>,
    pub(crate) functions: BTreeMap<String, Declared<'a, &'a Signature>>,
    pub(crate) constants: BTreeMap<String, Declared<'a, &'a Expr>>,
}

/// Something with the module that its names are to be read in.
pub(crate) struct Declared<'a, T> {
    pub(crate) module: String,
    pub(crate) what: T,
    /// The type of a constant, and of whom a function is a method.
    pub(crate) of: Option<&'a Type>,
}

/// What names mean in a module or in a block.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// What `use` brought, by the name it has here.
    uses: BTreeMap<String, String>,
    /// Modules of which all was brought, as it is written.
    globs: Vec<String>,
    /// The same by their full paths, of those of which anything is known.
    pub(crate) brought: Vec<String>,
    /// What is declared here.
    items: BTreeSet<String>,
}

/// A path may lead to a path so many times.
const STEPS_MAX: usize = 12;

/// A glob may lead to a glob so many times, less one.
pub(crate) const GLOB_ROUNDS: usize = 2;

impl<'a> Outline<'a> {
    pub(crate) fn of(file: &'a File, module: &str, knowledge: &Knowledge) -> Outline<'a> {
        let mut outline = Outline::default();
        outline.add_items(&file.items, module);
        // What a glob names may be what another brought, and no further: each round asks what the one before it found, so that
        // globs that name one another come to an end.
        for _ in 0..GLOB_ROUNDS {
            let found: Vec<_> = outline
                .modules
                .iter()
                .map(|(module, names)| outline.bring(names, module, &[], knowledge))
                .collect();
            for (names, found) in outline.modules.values_mut().zip(found) {
                names.brought = found;
            }
        }
        outline
    }

    /// Where the globs of a module or a block lead.
    pub(crate) fn bring(
        &self,
        names: &Names,
        module: &str,
        blocks: &[Names],
        knowledge: &Knowledge,
    ) -> Vec<String> {
        let mut brought = Vec::new();
        for glob in &names.globs {
            let target = knowledge.canonical(self.resolve(glob, module, blocks, knowledge));
            let is_known = self.modules.contains_key(&target) || knowledge.has(&target);
            if is_known && effort::spend(brought.len() as u64 + 1) && !brought.contains(&target) {
                brought.push(target);
            }
        }
        brought
    }

    fn add_items(&mut self, items: &'a [Item], module: &str) {
        let mut names = Names::default();
        for item in items {
            names.add(item);
            self.add_item(item, module);
        }
        self.modules.insert(module.to_owned(), names);
    }

    fn add_item(&mut self, item: &'a Item, module: &str) {
        let path = |name: &syn::Ident| format!("{module}::{name}");
        let declared = |of| (module.to_owned(), of);
        match item {
            Item::Mod(inner) => {
                if let Some((_, items)) = &inner.content {
                    self.add_items(items, &path(&inner.ident));
                }
            }
            Item::Struct(item) => {
                let fields = item.fields.iter();
                let fields =
                    fields.map(|what| Declared { module: module.to_owned(), what, of: None }).collect();
                self.fields.insert(path(&item.ident), fields);
            }
            Item::Fn(item) => {
                let (module, of) = declared(None);
                self.functions.insert(path(&item.sig.ident), Declared { module, what: &item.sig, of });
            }
            Item::Const(item) => {
                let (module, of) = declared(Some(&*item.ty));
                self.constants.insert(path(&item.ident), Declared { module, what: &*item.expr, of });
            }
            Item::Static(item) => {
                let (module, of) = declared(Some(&*item.ty));
                self.constants.insert(path(&item.ident), Declared { module, what: &*item.expr, of });
            }
            Item::Impl(item) => {
                let Type::Path(owner) = &*item.self_ty else { return };
                let Some(owner) = owner.path.segments.last() else { return };
                for function in &item.items {
                    let ImplItem::Fn(function) = function else { continue };
                    let (module, of) = declared(Some(&*item.self_ty));
                    let path = format!("{}::{}", path(&owner.ident), function.sig.ident);
                    self.functions.insert(path, Declared { module, what: &function.sig, of });
                }
            }
            _ => {}
        }
    }

    /// The full path of what is called so in a module: of a library, or beginning with `crate`.
    pub(crate) fn resolve(
        &self,
        path: &str,
        module: &str,
        blocks: &[Names],
        knowledge: &Knowledge,
    ) -> String {
        Resolver { outline: self, blocks, knowledge }.resolve(path, module, 0)
    }
}

struct Resolver<'r, 'a> {
    outline: &'r Outline<'a>,
    blocks: &'r [Names],
    knowledge: &'r Knowledge,
}

impl Resolver<'_, '_> {
    fn resolve(&self, path: &str, module: &str, steps: usize) -> String {
        if steps > STEPS_MAX {
            return path.to_owned();
        }
        let (first, rest) = path.split_once("::").map_or((path, None), |(first, rest)| (first, Some(rest)));
        let behind = |target: &str| rest.map_or(target.to_owned(), |rest| format!("{target}::{rest}"));
        match first {
            "" => return rest.unwrap_or_default().to_owned(),
            "crate" => return self.local(path, steps),
            "self" => return self.local(&behind(module), steps),
            "super" => {
                let parent = module.rsplit_once("::").map_or("crate", |(parent, _)| parent);
                return match rest {
                    Some(rest) if rest == "super" || rest.starts_with("super::") => {
                        self.resolve(rest, parent, steps + 1)
                    }
                    _ => self.local(&behind(parent), steps),
                };
            }
            _ => {}
        }
        for names in self.blocks.iter().rev() {
            if names.items.contains(first) {
                return format!("{module}::{{block}}::{path}");
            }
            if let Some(target) = names.uses.get(first) {
                return self.used(first, &behind(target), module, steps);
            }
        }
        let names = self.outline.modules.get(module);
        if names.is_some_and(|names| names.items.contains(first)) {
            return self.local(&format!("{module}::{path}"), steps);
        }
        if let Some(target) = names.and_then(|names| names.uses.get(first)) {
            return self.used(first, &behind(target), module, steps);
        }
        let mut brought = self.blocks.iter().rev().chain(names).flat_map(|names| &names.brought);
        if let Some(found) = brought.find_map(|target| self.in_glob(target, first, path, steps)) {
            return found;
        }
        self.prelude(first).map_or(path.to_owned(), behind)
    }

    /// What `use` says, which may begin with another name that was brought.
    fn used(&self, name: &str, target: &str, module: &str, steps: usize) -> String {
        let first = target.split("::").next().unwrap_or_default();
        // `use tokio;` brings what is called so already.
        if first == name {
            return target.to_owned();
        }
        self.resolve(target, module, steps + 1)
    }

    fn in_glob(&self, target: &str, first: &str, path: &str, steps: usize) -> Option<String> {
        // Whether it is there or not, nothing of this file is told when no steps are left.
        if !effort::spend(1) {
            return None;
        }
        match self.outline.modules.get(target) {
            Some(names) => {
                let is_there = names.items.contains(first) || names.uses.contains_key(first);
                is_there.then(|| self.resolve(path, target, steps + 1))
            }
            None => self.knowledge.has(&format!("{target}::{first}")).then(|| format!("{target}::{path}")),
        }
    }

    /// A path that begins with `crate`: through what a module of this file brought.
    fn local(&self, path: &str, steps: usize) -> String {
        let mut module = path;
        // The longest module that is in this file.
        while !self.outline.modules.contains_key(module) {
            let Some((outer, _)) = module.rsplit_once("::") else { return path.to_owned() };
            module = outer;
        }
        let Some(rest) = path.strip_prefix(module).and_then(|rest| rest.strip_prefix("::")) else {
            return path.to_owned();
        };
        let first = rest.split("::").next().unwrap_or_default();
        let names = &self.outline.modules[module];
        if names.items.contains(first) || steps > STEPS_MAX {
            return path.to_owned();
        }
        let is_brought = names.uses.contains_key(first) || !names.brought.is_empty();
        let found = if is_brought {
            Resolver { blocks: &[], ..*self }.resolve(rest, module, steps + 1)
        } else {
            String::new()
        };
        if found.is_empty() || found == rest { path.to_owned() } else { found }
    }

    fn prelude(&self, name: &str) -> Option<&'static str> {
        Some(match name {
            "Vec" => "std::vec::Vec",
            "String" => "std::string::String",
            "Box" => "std::boxed::Box",
            "Option" => "std::option::Option",
            "Result" => "std::result::Result",
            _ => return None,
        })
    }
}

impl Names {
    /// Of the items in a block; nothing if there are none that name anything.
    pub(crate) fn of_block(block: &syn::Block) -> Option<Names> {
        let mut names = Names::default();
        for statement in &block.stmts {
            if let syn::Stmt::Item(item) = statement {
                names.add(item);
            }
        }
        let is_empty = names.uses.is_empty() && names.globs.is_empty() && names.items.is_empty();
        (!is_empty).then_some(names)
    }

    fn add(&mut self, item: &Item) {
        let name = match item {
            Item::Use(item) => return self.add_use(item),
            Item::ExternCrate(item) => {
                if let Some((_, name)) = &item.rename {
                    self.uses.insert(name.to_string(), format!("::{}", item.ident));
                }
                return;
            }
            Item::Type(item) => {
                // Another name of a type is a way to it.
                match &*item.ty {
                    Type::Path(target) if target.qself.is_none() => {
                        self.uses.insert(item.ident.to_string(), text_of(&target.path));
                    }
                    _ => {
                        self.items.insert(item.ident.to_string());
                    }
                }
                return;
            }
            Item::Mod(item) => &item.ident,
            Item::Struct(item) => &item.ident,
            Item::Enum(item) => &item.ident,
            Item::Union(item) => &item.ident,
            Item::Trait(item) => &item.ident,
            Item::TraitAlias(item) => &item.ident,
            Item::Fn(item) => &item.sig.ident,
            Item::Const(item) => &item.ident,
            Item::Static(item) => &item.ident,
            _ => return,
        };
        self.items.insert(name.to_string());
    }

    fn add_use(&mut self, item: &ItemUse) {
        let before = if item.leading_colon.is_some() { "::" } else { "" };
        self.add_tree(&item.tree, before.to_owned());
    }

    fn add_tree(&mut self, tree: &UseTree, before: String) {
        match tree {
            UseTree::Path(path) => self.add_tree(&path.tree, format!("{before}{}::", path.ident)),
            UseTree::Name(name) if name.ident == "self" => {
                let module = before.trim_end_matches("::");
                let name = module.rsplit("::").next().unwrap_or_default();
                self.uses.insert(name.to_owned(), module.to_owned());
            }
            UseTree::Name(name) => {
                self.uses.insert(name.ident.to_string(), format!("{before}{}", name.ident));
            }
            UseTree::Rename(rename) if rename.ident == "self" => {
                let module = before.trim_end_matches("::");
                self.uses.insert(rename.rename.to_string(), module.to_owned());
            }
            UseTree::Rename(rename) => {
                self.uses.insert(rename.rename.to_string(), format!("{before}{}", rename.ident));
            }
            UseTree::Glob(_) => self.globs.push(before.trim_end_matches("::").to_owned()),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_tree(tree, before.clone());
                }
            }
        }
    }
}

/// A path as it is written, without what stands in angle brackets.
pub(crate) fn text_of(path: &syn::Path) -> String {
    let mut text = if path.leading_colon.is_some() { "::".to_owned() } else { String::new() };
    for (number, segment) in path.segments.iter().enumerate() {
        if number > 0 {
            text.push_str("::");
        }
        text.push_str(&segment.ident.to_string());
    }
    text
}

/// The module that a file is, as far as its place says: `crate::net::peer` for `src/net/peer.rs`.
pub(crate) fn module_of(path: &Path) -> String {
    let parts: Vec<&str> = path
        .components()
        .filter_map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        })
        .collect();
    let after =
        parts.iter().rposition(|part| *part == "src").map_or(parts.len().saturating_sub(1), |at| at + 1);
    let mut module = "crate".to_owned();
    for part in &parts[after..] {
        let name = part.strip_suffix(".rs").unwrap_or(part);
        if !matches!(name, "lib" | "main" | "mod") && !name.is_empty() {
            module.push_str("::");
            module.push_str(name);
        }
    }
    module
}

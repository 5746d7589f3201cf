//! Finds the function that the import system calls.

use super::{Request, image_stride, knows};
use crate::model::{Format, Hook, HookKind};

/// Bytes of a module's name that take part in the look-up: `"%.20s_%.200s"` in `Python/dynload_shlib.c`.
const MAX_NAME: usize = 200;

/// The prefixes, in the order in which a Python that knows both looks them up (PEP 793).
const PREFIXES: [(HookKind, &str); 2] = [(HookKind::Export, "PyModExport"), (HookKind::Init, "PyInit")];

/// What was found.
pub(super) struct Found {
    pub hook: Option<Hook>,
    /// Names of all other hooks in the file, sorted.
    pub others: Vec<String>,
}

/// Looks up the hook of a module name, as the target does: in the file, and then (`dlsym` goes on there,
/// `GetProcAddress` does not) in the libraries that it needs.
pub(super) fn find(request: &Request) -> Found {
    let image = request.image;
    let libraries = if image.format == Format::Pe { &[] } else { request.libraries };
    let hook =
        PREFIXES.into_iter().filter(|(kind, _)| knows(request.target, *kind)).find_map(|(kind, prefix)| {
            let symbol = symbol(prefix, request.stem);
            let address = std::iter::once(image).chain(libraries).zip(0..).find_map(|(image, index)| {
                Some(image.export(&symbol)?.wrapping_add(index * image_stride(image.pointer_size)))
            })?;
            Some(Hook { kind, symbol, address })
        });
    let mut others: Vec<String> = image
        .exports()
        .iter()
        .map(|export| export.name)
        .filter(|name| PREFIXES.iter().any(|(_, prefix)| is_hook(name, prefix)))
        .filter(|name| hook.as_ref().is_none_or(|hook| hook.symbol != *name))
        .map(str::to_owned)
        .collect();
    others.sort_unstable();
    others.dedup();
    Found { hook, others }
}

/// `PyInit_<name>`, or `PyInitU_<punycode>` for a name that is not ASCII; hyphens become underscores in both
/// (PEP 489, "Export Hook Name"; `importdl.c:get_encoded_name`).
pub(crate) fn symbol(prefix: &str, stem: &str) -> String {
    let (mark, encoded) = if stem.is_ascii() {
        ("_", stem.to_owned())
    } else {
        // A name too long for punycode's arithmetic has no hook of any name.
        ("U_", punycode::encode(stem).unwrap_or_default())
    };
    let encoded: String = encoded.replace('-', "_").chars().take(MAX_NAME).collect();
    format!("{prefix}{mark}{encoded}")
}

/// The module name that a hook belongs to. None for what is no hook, or one that no name leads to.
#[must_use]
pub fn stem_of(hook: &str) -> Option<String> {
    let (prefix, encoded) =
        PREFIXES.iter().find_map(|(_, prefix)| Some((*prefix, hook.strip_prefix(prefix)?)))?;
    let stem = match encoded.strip_prefix("U_") {
        // Punycode keeps the ASCII letters before its last hyphen, which has become an underscore.
        Some(code) => {
            let (kept, rest) = code.rsplit_once('_').unwrap_or(("", code));
            let hyphen = if kept.is_empty() { "" } else { "-" };
            punycode::decode(&format!("{kept}{hyphen}{rest}")).ok()?
        }
        None => encoded.strip_prefix('_')?.to_owned(),
    };
    (!stem.is_empty() && symbol(prefix, &stem) == hook).then_some(stem)
}

fn is_hook(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('_') || rest.starts_with("U_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_as_the_import_system_does() {
        assert_eq!(symbol("PyInit", "etree"), "PyInit_etree");
        assert_eq!(symbol("PyInit", "a-b"), "PyInit_a_b");
        assert_eq!(symbol("PyInit", "lančmít"), "PyInitU_lanmt_2sa6t");
        for stem in ["etree", "a_b", "lančmít", "模块"] {
            assert_eq!(stem_of(&symbol("PyInit", stem)).as_deref(), Some(stem));
            assert_eq!(stem_of(&symbol("PyModExport", stem)).as_deref(), Some(stem));
        }
        for none in ["PyInit_", "PyInitU_", "PyInit", "PyModExportX", "init_x"] {
            assert_eq!(stem_of(none), None, "{none}");
        }
        assert_eq!(symbol("PyModExport", &"x".repeat(300)).len(), "PyModExport_".len() + 200);
    }
}

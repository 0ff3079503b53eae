//! Compiles the screens. Names of elements are kept only for the `scripted` feature.

fn main() -> Result<(), slint_build::CompileError> {
    println!("cargo::rerun-if-changed=lang");
    let scripted = std::env::var_os("CARGO_FEATURE_SCRIPTED").is_some();
    let configuration = slint_build::CompilerConfiguration::new()
        .with_style("fluent-light".to_owned())
        .with_bundled_translations("lang")
        .with_default_translation_context(slint_build::DefaultTranslationContext::None)
        .with_debug_info(scripted);
    slint_build::compile_with_config("slint/app-window.slint", configuration)
}

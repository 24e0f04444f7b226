(* Coq's interface as the plugin's other modules see it, in every release. `Palmetto_release` has what differs: it is one
   of the files in `compat`, by the release that the plugin is built for.

   - `module_body`, `label_equal`: as the kernel has them;
   - `sealed_fields`: the fields of a module that was written out and is no functor;
   - `has_primitive_projections`: whether a block is of records with them;
   - `axiom_types_count`: whether Print Assumptions counts what the type of an axiom names;
   - `traverse`: Coq's own walk through what some constants rest on, and the assumptions it finds;
   - `message`: the level and the text of a feedback that is a message;
   - `Parser`: the parser's module;
   - `save_proof`: the state behind a proof's end;
   - `universes`, `solve`, `set_par_implementation`: what `par:` is made of. *)

open Vernacexpr
include Palmetto_release

let is_syntax_error = function CLexer.Error.E _ -> true | error -> is_parse_error error

(* The names of commands are those of Coq 8.20's constructors, in every release. What only some releases have is named
   by `Palmetto_release`; a test holds that nothing is left out. *)
let unnamed = "VernacOther"

(* A plugin's command. *)
let extension { ext_plugin; ext_entry; _ } = ext_plugin ^ ":" ^ ext_entry

let printable = function
  | PrintTypingFlags -> "PrintTypingFlags"
  | PrintTables -> "PrintTables"
  | PrintFullContext -> "PrintFullContext"
  | PrintSectionContext _ -> "PrintSectionContext"
  | PrintInspect _ -> "PrintInspect"
  | PrintGrammar _ -> "PrintGrammar"
  | PrintCustomGrammar _ -> "PrintCustomGrammar"
  | PrintKeywords -> "PrintKeywords"
  | PrintLoadPath _ -> "PrintLoadPath"
  | PrintLibraries -> "PrintLibraries"
  | PrintModule _ -> "PrintModule"
  | PrintModuleType _ -> "PrintModuleType"
  | PrintNamespace _ -> "PrintNamespace"
  | PrintMLLoadPath -> "PrintMLLoadPath"
  | PrintMLModules -> "PrintMLModules"
  | PrintDebugGC -> "PrintDebugGC"
  | PrintName _ -> "PrintName"
  | PrintGraph -> "PrintGraph"
  | PrintClasses -> "PrintClasses"
  | PrintTypeclasses -> "PrintTypeclasses"
  | PrintInstances _ -> "PrintInstances"
  | PrintCoercions -> "PrintCoercions"
  | PrintCoercionPaths _ -> "PrintCoercionPaths"
  | PrintCanonicalConversions _ -> "PrintCanonicalConversions"
  | PrintUniverses _ -> "PrintUniverses"
  | PrintHint _ -> "PrintHint"
  | PrintHintGoal -> "PrintHintGoal"
  | PrintHintDbName _ -> "PrintHintDbName"
  | PrintHintDb -> "PrintHintDb"
  | PrintScopes -> "PrintScopes"
  | PrintScope _ -> "PrintScope"
  | PrintVisibility _ -> "PrintVisibility"
  | PrintAbout _ -> "PrintAbout"
  | PrintImplicit _ -> "PrintImplicit"
  | PrintAssumptions _ -> "PrintAssumptions"
  | PrintStrategy _ -> "PrintStrategy"
  | PrintRegistered -> "PrintRegistered"
  | PrintRegisteredSchemes -> "PrintRegisteredSchemes"
  | PrintNotation _ -> "PrintNotation"
  | other -> Option.default unnamed (Palmetto_release.printable other)

let pure = function
  | VernacOpenCloseScope _ -> "VernacOpenCloseScope"
  | VernacDeclareScope _ -> "VernacDeclareScope"
  | VernacDelimiters _ -> "VernacDelimiters"
  | VernacBindScope _ -> "VernacBindScope"
  | VernacEnableNotation _ -> "VernacEnableNotation"
  | VernacDefinition _ -> "VernacDefinition"
  | VernacStartTheoremProof _ -> "VernacStartTheoremProof"
  | VernacEndProof _ -> "VernacEndProof"
  | VernacExactProof _ -> "VernacExactProof"
  | VernacAssumption _ -> "VernacAssumption"
  | VernacSymbol _ -> "VernacSymbol"
  | VernacInductive _ -> "VernacInductive"
  | VernacFixpoint _ -> "VernacFixpoint"
  | VernacCoFixpoint _ -> "VernacCoFixpoint"
  | VernacScheme _ -> "VernacScheme"
  | VernacSchemeEquality _ -> "VernacSchemeEquality"
  | VernacCombinedScheme _ -> "VernacCombinedScheme"
  | VernacUniverse _ -> "VernacUniverse"
  | VernacConstraint _ -> "VernacConstraint"
  | VernacAddRewRule _ -> "VernacAddRewRule"
  | VernacCanonical _ -> "VernacCanonical"
  | VernacCoercion _ -> "VernacCoercion"
  | VernacIdentityCoercion _ -> "VernacIdentityCoercion"
  | VernacNameSectionHypSet _ -> "VernacNameSectionHypSet"
  | VernacInstance _ -> "VernacInstance"
  | VernacDeclareInstance _ -> "VernacDeclareInstance"
  | VernacContext _ -> "VernacContext"
  | VernacExistingInstance _ -> "VernacExistingInstance"
  | VernacExistingClass _ -> "VernacExistingClass"
  | VernacResetName _ -> "VernacResetName"
  | VernacResetInitial -> "VernacResetInitial"
  | VernacBack _ -> "VernacBack"
  | VernacCreateHintDb _ -> "VernacCreateHintDb"
  | VernacRemoveHints _ -> "VernacRemoveHints"
  | VernacHints _ -> "VernacHints"
  | VernacArguments _ -> "VernacArguments"
  | VernacReserve _ -> "VernacReserve"
  | VernacGeneralizable _ -> "VernacGeneralizable"
  | VernacSetOpacity _ -> "VernacSetOpacity"
  | VernacSetStrategy _ -> "VernacSetStrategy"
  | VernacMemOption _ -> "VernacMemOption"
  | VernacPrintOption _ -> "VernacPrintOption"
  | VernacCheckMayEval _ -> "VernacCheckMayEval"
  | VernacGlobalCheck _ -> "VernacGlobalCheck"
  | VernacDeclareReduction _ -> "VernacDeclareReduction"
  | VernacPrint _ -> "VernacPrint"
  | VernacSearch _ -> "VernacSearch"
  | VernacLocate _ -> "VernacLocate"
  | VernacRegister _ -> "VernacRegister"
  | VernacPrimitive _ -> "VernacPrimitive"
  | VernacComments _ -> "VernacComments"
  | VernacAttributes _ -> "VernacAttributes"
  | VernacAbort -> "VernacAbort"
  | VernacAbortAll -> "VernacAbortAll"
  | VernacRestart -> "VernacRestart"
  | VernacUndo _ -> "VernacUndo"
  | VernacUndoTo _ -> "VernacUndoTo"
  | VernacFocus _ -> "VernacFocus"
  | VernacUnfocus -> "VernacUnfocus"
  | VernacUnfocused -> "VernacUnfocused"
  | VernacBullet _ -> "VernacBullet"
  | VernacSubproof _ -> "VernacSubproof"
  | VernacEndSubproof -> "VernacEndSubproof"
  | VernacShow _ -> "VernacShow"
  | VernacCheckGuard -> "VernacCheckGuard"
  | VernacValidateProof -> "VernacValidateProof"
  | VernacProof _ -> "VernacProof"
  | VernacAddOption _ -> "VernacAddOption"
  | VernacRemoveOption _ -> "VernacRemoveOption"
  | other -> Option.default unnamed (Palmetto_release.pure other)

let synterp = function
  | VernacLoad _ -> "VernacLoad"
  | VernacReservedNotation _ -> "VernacReservedNotation"
  | VernacNotation _ -> "VernacNotation"
  | VernacDeclareCustomEntry _ -> "VernacDeclareCustomEntry"
  | VernacBeginSection _ -> "VernacBeginSection"
  | VernacEndSegment _ -> "VernacEndSegment"
  | VernacRequire _ -> "VernacRequire"
  | VernacImport _ -> "VernacImport"
  | VernacDeclareModule _ -> "VernacDeclareModule"
  | VernacDefineModule _ -> "VernacDefineModule"
  | VernacDeclareModuleType _ -> "VernacDeclareModuleType"
  | VernacInclude _ -> "VernacInclude"
  | VernacDeclareMLModule _ -> "VernacDeclareMLModule"
  | VernacChdir _ -> "VernacChdir"
  | VernacExtraDependency _ -> "VernacExtraDependency"
  | VernacSetOption _ -> "VernacSetOption"
  | VernacProofMode _ -> "VernacProofMode"
  | VernacExtend (name, _) -> extension name

let command = function VernacSynterp command -> synterp command | VernacSynPure command -> pure command

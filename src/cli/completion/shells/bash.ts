/** Runs on bash 3.2, which macOS has. Bash splits words at `:` and `=`, so the loop joins what the user typed as one word. */
export const bash = `# Completion of mcp-keys for bash. Load it with: eval "$(mcp-keys completion bash)"
_mcp_keys() {
  local tab=$'\\t' rest=\${COMP_LINE:0:COMP_POINT} words=() word='' line cut i
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if ((i == 0)) || [[ $rest == [[:space:]]* ]]; then
      rest=\${rest#"\${rest%%[![:space:]]*}"}
      ((i == COMP_CWORD)) && word=$rest
      words+=("$word")
    else
      ((i == COMP_CWORD)) && word=$rest
      words[\${#words[@]}-1]+=$word
    fi
    rest=\${rest#"$word"}
  done
  # Bash replaces only what follows the last : or =.
  local current=\${words[\${#words[@]}-1]}
  case $word in
    [:=]) cut=$current ;;
    *) cut=\${current%"$word"} ;;
  esac
  COMPREPLY=()
  while IFS= read -r line; do
    [[ $line == :files ]] && return
    line=\${line%%"$tab"*}
    COMPREPLY+=("\${line#"$cut"}")
  done < <(printf '%s\\n' "\${words[@]:1}" | command mcp-keys completion bash --complete 2>/dev/null)
  if type compopt >/dev/null 2>&1; then
    compopt +o default
    [[ \${COMPREPLY[0]-} == *: ]] && compopt -o nospace
  fi
  return 0
}
complete -o default -F _mcp_keys mcp-keys
`;

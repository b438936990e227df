/** Without a result, PowerShell offers file names. */
export const powershell = `# Completion of mcp-keys for PowerShell. Load it with: mcp-keys completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName mcp-keys -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { if ($_.Value -is [string]) { $_.Value } else { $_.Extent.Text } })
    $words += $wordToComplete
    ($words -join "\`n") | mcp-keys completion powershell --complete 2>$null |
        Where-Object { $_ -ne ':files' } |
        ForEach-Object {
            $value, $description = $_ -split "\`t", 2
            if (-not $description) { $description = $value }
            [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $description)
        }
}
`;

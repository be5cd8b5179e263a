import { Argument, Command } from 'commander'
import { type End, exitCodes, type Surroundings } from '../surroundings.ts'

const SHELLS = ['bash', 'zsh'] as const
type Shell = (typeof SHELLS)[number]

/**
 * @param end takes the code that the command ends with
 * @param program has all commands, when the completion is asked for
 */
export function completionCommand(surroundings: Surroundings, end: End, program: Command): Command {
  return new Command('completion')
    .description('Prints a script by which your shell completes commands and options.')
    .addArgument(new Argument('<shell>', 'your shell').choices(SHELLS))
    .addHelpText(
      'after',
      `
bash:  echo 'eval "$(sallyport completion bash)"' >> ~/.bashrc
zsh:   echo 'eval "$(sallyport completion zsh)"' >> ~/.zshrc, behind compinit

Exit codes:
  0    done
  2    wrong use`,
    )
    .action((shell: Shell) => {
      surroundings.stdout.write(SCRIPTS[shell](choicesIn(program)))
      end(exitCodes.whole)
    })
}

/** What may follow a command: the names of commands below it and its options, by the words before. */
type ChoicesIn = ReadonlyMap<string, readonly string[]>

function choicesIn(command: Command, words: readonly string[] = []): ChoicesIn {
  const names = command.commands.map((one) => one.name())
  const options = command.options.filter((one) => !one.hidden).map((one) => one.long ?? one.short ?? '')
  const own = [words.join(' '), [...names, ...options, '--help']] as const
  const below = command.commands.flatMap((one) => [...choicesIn(one, [...words, one.name()])])
  return new Map([own, ...below])
}

/** The commands that a line may name, as a pattern of `case`. Other words are arguments. */
const known = (choices: ChoicesIn): string => [...choices.keys()].map((words) => `'${words}'`).join('|')

/** What may come next, behind each command. */
const branches = (choices: ChoicesIn, variable: string): string =>
  [...choices].map(([words, next]) => `    '${words}') ${variable}='${next.join(' ')}' ;;\n`).join('')

const SCRIPTS: Readonly<Record<Shell, (choices: ChoicesIn) => string>> = {
  bash: (choices) => `_sallyport() {
  local word next named=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${named:+$named }$word" in
    ${known(choices)}) named="\${named:+$named }$word" ;;
    esac
  done
  case "$named" in
${branches(choices, 'next')}  esac
  COMPREPLY=($(compgen -W "$next" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _sallyport sallyport
`,
  // There, "words" and "path" have meanings of their own.
  zsh: (choices) => `_sallyport() {
  local word next named=''
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "\${named:+$named }$word" in
    ${known(choices)}) named="\${named:+$named }$word" ;;
    esac
  done
  case "$named" in
${branches(choices, 'next')}  esac
  compadd -- \${=next} || _files
}
compdef _sallyport sallyport
`,
}

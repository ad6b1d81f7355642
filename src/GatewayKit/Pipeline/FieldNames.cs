using System.Collections.Frozen;

namespace GatewayKit.Pipeline;

/// <summary>Names of fields that only the gateway may write, in all the spellings that a destination may take for them: CGI-like servers read <c>_</c> and <c>.</c> as a hyphen.</summary>
internal sealed class FieldNames(IEnumerable<string> names)
{
    private readonly FrozenSet<string> _folded = names.Select(Fold).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public bool Contain(string name) => _folded.Contains(name.AsSpan().IndexOfAny('_', '.') < 0 ? name : Fold(name));

    private static string Fold(string name) => name.Replace('_', '-').Replace('.', '-');
}

using System.Runtime.InteropServices;

namespace GatewayKit.Configuration;

/// <summary>Where a check is in the model. Nearly always there is nothing to report, and then no path is ever written out.</summary>
internal sealed class ReportPlace(string path, Report report)
{
    private readonly List<string> _keys = [];

    public string Key => _keys is [.., var last] ? last : path[(path.LastIndexOf(':') + 1)..];

    public void Enter(string key) => _keys.Add(key);

    public void Leave() => _keys.RemoveAt(_keys.Count - 1);

    public void Report(string message, string? member = null)
    {
        var where = ModelPath.Join(path, CollectionsMarshal.AsSpan(_keys));
        report(member is null ? where : ModelPath.Join(where, member), message);
    }
}

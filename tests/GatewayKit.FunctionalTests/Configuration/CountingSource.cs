using GatewayKit.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace GatewayKit.FunctionalTests.Configuration;

/// <summary>A user's own source: it counts how often it is read.</summary>
internal sealed class CountingSource : IRouteSource
{
    private ConfigurationReloadToken _changed = new();
    private int _content;

    public int Loads { get; private set; }

    public Exception? Failure { get; set; }

    public string Name => "counting";

    public void Change(int content)
    {
        _content = content;
        var changed = _changed;
        _changed = new();
        changed.OnReload();
    }

    public ValueTask<RouteSet> LoadAsync(CancellationToken cancellationToken)
    {
        Loads++;
        return Failure is null
            ? new(new RouteSet { Routes = [new() { Id = "counted", Match = new() { Path = "/counted" }, Respond = new() { Body = $"{_content}" } }] })
            : throw Failure;
    }

    public IChangeToken GetChangeToken() => _changed;
}

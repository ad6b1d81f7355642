using GatewayKit.Clusters;
using GatewayKit.Clusters.Discovery;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;

namespace GatewayKit.ExtensionTests.Discovery;

/// <summary>Finds destinations in a file of the host: one address a line. The name is that of the file.</summary>
internal sealed class FileDestinationSource(IHostEnvironment environment) : IDestinationSource
{
    private readonly IFileProvider _files = environment.ContentRootFileProvider;

    public string? FaultOf(string name) => name.EndsWith(".txt", StringComparison.Ordinal) ? null : $"'{name}' is not the name of a text file, such as \"orders.txt\".";

    public async ValueTask<DiscoveredDestinations> FindAsync(string name, CancellationToken cancellationToken)
    {
        // First the token, then the content: a change in between is announced.
        var changed = _files.Watch(name);
        using var reader = new StreamReader(_files.GetFileInfo(name).CreateReadStream());
        var text = await reader.ReadToEndAsync(cancellationToken);
        return new()
        {
            Destinations = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .ToDictionary(static line => line, static line => new Destination { Address = new Uri(line) }),
            Changed = changed,
        };
    }
}

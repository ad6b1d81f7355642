using System.Text.Json;
using GatewayKit.Identity.ApiKeys;

namespace Standalone;

/// <summary>Makes an API key: prints it, this once, and what belongs into the configuration.</summary>
internal static class NewKeyCommand
{
    public static int Run(CommandLine line)
    {
        var key = ApiKey.Create();
        Console.WriteLine($"""
            The key, for {line.NewKey} and nobody else. It is not kept anywhere and cannot be shown again:

              {key.Reveal()}

            For the configuration, which holds its hash only:

            {Indent(Configure(line, key), "  ")}
            """);
        return ExitCode.Fine;
    }

    private static string Configure(CommandLine line, ApiKey key)
    {
        var scopes = line.Scopes.Count == 0 ? string.Empty : $", \"Scopes\": [ {string.Join(", ", line.Scopes.Select(Quote))} ]";
        var keys = $"\"Keys\": {{ {Quote(key.Id)}: {{ \"Hash\": {Quote(key.Hash)}{scopes} }} }}";
        var holder = line.Application is { } application ? $"\"Applications\": {{ {Quote(application)}: {{ {keys} }} }}" : keys;
        return $$"""
            "Consumers": {
              {{Quote(line.NewKey!)}}: { {{holder}} }
            }
            """;
    }

    private static string Quote(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    private static string Indent(string text, string indent) => string.Join(Environment.NewLine, text.Split('\n').Select(one => indent + one.TrimEnd('\r')));
}

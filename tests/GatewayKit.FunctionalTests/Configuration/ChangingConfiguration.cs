using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;

namespace GatewayKit.FunctionalTests.Configuration;

/// <summary>A configuration that the test changes. It tells nobody unless asked to.</summary>
internal sealed class ChangingConfiguration : ConfigurationProvider, IConfigurationSource
{
    [SuppressMessage("Design", "CA1044", Justification = "A test only says things.")]
    public string? this[string key]
    {
        set => Set(key, value);
    }

    public void Remove(string key) => Data.Remove(key);

    public void Clear() => Data.Clear();

    public void Tell() => OnReload();

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;
}

using GatewayKit.Clusters;
using GatewayKit.Clusters.Discovery;
using GatewayKit.Tests.Clusters.Discovery;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;

namespace GatewayKit.Tests.Configuration;

public sealed class DiscoveryChecksTests : IDisposable
{
    private readonly ConfigurationFixture _fixture = new(static services => services.AddApiGateway().AddDestinationSource<ScriptedSource>("Registry"));

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void Everything_can_be_said_in_json()
    {
        var set = _fixture.Bind("""
            { "Clusters": { "a": { "Discovery": {
              "Source": "Dns", "Name": "http://orders.internal:8080", "Refresh": "00:01:00", "KeepLastGood": "Infinite", "StartTimeout": "00:00:01", "Required": true, "Addresses": "IPv4" } } } }
            """);
        Assert.Equal(
            new ClusterDiscovery
            {
                Source = "Dns",
                Name = "http://orders.internal:8080",
                Refresh = TimeSpan.FromMinutes(1),
                KeepLastGood = Timeout.InfiniteTimeSpan,
                StartTimeout = TimeSpan.FromSeconds(1),
                Required = true,
                Addresses = AddressFamilies.IPv4,
            },
            set.Clusters[0].Discovery);
        Assert.Empty(_fixture.Configurator.Validate(set));
    }

    [Theory]
    [InlineData(""" "Source": "Dsn", "Name": "http://a" """, "Source", "There is no destination source 'Dsn'. Did you mean 'Dns'? Known: Dns, Registry. Others are added with AddDestinationSource.")]
    [InlineData(""" "Source": "Kubernetes", "Name": "http://a" """, "Source", "There is no destination source 'Kubernetes'. Known: Dns, Registry. Others are added with AddDestinationSource.")]
    [InlineData(""" "Source": "Dns", "Name": "orders" """, "Name", "'orders' is not an http or https address with a host name to look up, such as \"http://orders.internal:8080\".")]
    [InlineData(""" "Source": "Dns", "Name": "http://a", "Refresh": "00:00:00.9" """, "Refresh", "Refresh is 00:00:00.9000000; it must be from 00:00:01 to 1.00:00:00, or \"Infinite\".")]
    [InlineData(""" "Source": "Dns", "Name": "http://a", "KeepLastGood": "-00:00:01" """, "KeepLastGood", "KeepLastGood is -00:00:01; it must be from 00:00:00 to 1.00:00:00, or \"Infinite\".")]
    [InlineData(""" "Source": "Dns", "Name": "http://a", "StartTimeout": "Infinite" """, "StartTimeout", "StartTimeout is -00:00:00.0010000; it must be from 00:00:00.0010000 to 00:05:00.")]
    public void What_cannot_be_found_is_an_error(string content, string path, string message)
    {
        var error = Assert.Single(_fixture.Errors($$"""{ "Clusters": { "a": { "Discovery": { {{content}} } } } }"""));
        Assert.Equal(($"Gateway:Clusters:a:Discovery:{path}", message), (error.Path, error.Message));
    }

    [Theory]
    [InlineData("ServiceDiscovery")]
    [InlineData("servicediscovery")]
    public void Source_of_a_package_that_is_missing_is_an_error_that_says_how_to_add_it(string source)
    {
        var error = Assert.Single(_fixture.Errors($$"""{ "Clusters": { "a": { "Discovery": { "Source": "{{source}}", "Name": "http://a" } } } }"""));
        Assert.Equal(
            ("Gateway:Clusters:a:Discovery:Source", $"There is no destination source '{source}'. Add the package GatewayKit.ServiceDiscovery and call AddServiceDiscovery() on what AddApiGateway() returns."),
            (error.Path, error.Message));
    }

    [Theory]
    [InlineData("Unmade", "no address of the registry")]
    [InlineData("Picky", "names begin with a letter")]
    public void Source_that_throws_is_an_error_of_the_cluster(string source, string message)
    {
        using var fixture = new ConfigurationFixture(static services => services.AddApiGateway().AddDestinationSource<UnmadeSource>("Unmade").AddDestinationSource<PickySource>("Picky"));
        var error = Assert.Single(fixture.Errors($$"""{ "Clusters": { "a": { "Discovery": { "Source": "{{source}}", "Name": "1" } } } }"""));
        Assert.Equal(("Gateway:Clusters:a:Discovery:Source", $"The destination source '{source}' cannot be used: {message}"), (error.Path, error.Message));
    }

    [Fact]
    public void Data_protection_that_cannot_be_made_is_an_error_of_the_cluster()
    {
        using var fixture = new ConfigurationFixture(static services =>
            services.AddSingleton<IDataProtectionProvider>(static _ => throw new InvalidOperationException("The keys are out of reach.")));
        var error = Assert.Single(fixture.Errors("""{ "Clusters": { "a": { "Affinity": {} } } }"""));
        Assert.Equal(
            ("Gateway:Clusters:a:Affinity", "Affinity protects its tokens by Data Protection, which the host has and cannot make: The keys are out of reach."),
            (error.Path, error.Message));
    }

    [Fact]
    public void Version_that_cannot_be_spoken_to_what_will_be_found_is_an_error()
    {
        var error = Assert.Single(_fixture.Errors("""{ "Clusters": { "a": { "Http": { "Version": "2.0" }, "Discovery": { "Source": "Dns", "Name": "http://a" } } } }"""));
        Assert.Equal("Gateway:Clusters:a:Discovery:Name", error.Path);
        Assert.Contains("Write \"RequestVersionExact\" for HTTP/2.0.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Name_of_a_source_is_one_source()
    {
        var gateway = new ServiceCollection().AddApiGateway().AddDestinationSource<ScriptedSource>("Registry").AddDestinationSource<ScriptedSource>("registry");
        Assert.Contains("'Dns'", Assert.Throws<InvalidOperationException>(() => gateway.AddDestinationSource<ScriptedSource>("Dns")).Message, StringComparison.Ordinal);
    }

    private abstract class SilentSource : IDestinationSource
    {
        public virtual string? FaultOf(string name) => null;

        public ValueTask<DiscoveredDestinations> FindAsync(string name, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class UnmadeSource : SilentSource
    {
        public UnmadeSource() => throw new InvalidOperationException("no address of the registry");
    }

    private sealed class PickySource : SilentSource
    {
        public override string? FaultOf(string name) => char.IsLetter(name[0]) ? null : throw new FormatException("names begin with a letter");
    }
}

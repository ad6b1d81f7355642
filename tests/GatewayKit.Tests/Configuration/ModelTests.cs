using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using GatewayKit.Configuration;
using GatewayKit.Pipeline;

namespace GatewayKit.Tests.Configuration;

public sealed class ModelTests : IDisposable
{
    private readonly ConfigurationFixture _fixture = new();

    private ModelSamples Samples => new(_fixture.Types, _fixture.Policies);

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void Two_records_with_the_same_content_are_equal_and_every_property_counts()
    {
        var samples = Samples;
        Assert.NotEmpty(samples.Records());
        Assert.All(samples.Records(), type =>
        {
            var whole = samples.Make(type, 0);
            Assert.Equal(whole, samples.Make(type, 0));
            Assert.Equal(whole.GetHashCode(), samples.Make(type, 0).GetHashCode());
            foreach (var property in ModelSamples.All(type))
            {
                var values = samples.Values(type, 0);
                values[property] = samples.Make(property.Type, 1);
                Assert.False(whole.Equals(type.Create!(values)), $"{type.Type.Name}.{property.Name} does not count in equality.");
            }
        });
    }

    [Fact]
    public void Every_public_property_of_the_model_can_be_said_in_json()
    {
        Assert.All(Samples.Records(), static type =>
        {
            var known = ModelSamples.All(type).Select(static property => property.Property.Name);

            // Code of the host is the one thing that only code can say.
            var settable = type.Type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(static property => property.SetMethod is { IsPublic: true } && !property.PropertyType.IsAssignableTo(typeof(Delegate)))
                .Select(static property => property.Name);
            Assert.Equal(settable.Order(), known.Order());
        });
    }

    [Fact]
    public void Every_record_of_the_core_is_kept_when_the_app_is_trimmed()
    {
        var kept = typeof(ModelTypes).GetConstructor([])!.GetCustomAttributes<DynamicDependencyAttribute>().Select(static dependency => dependency.Type)
            .Concat(_fixture.Policies.All.Select(static registration => registration.PolicyType))
            .ToHashSet();
        Assert.All(Samples.Records(), type => Assert.True(
            kept.Contains(type.Type) || type.Type.BaseType!.GetCustomAttributes<ConfigurationCaseAttribute>().Any(one => one.Type == type.Type),
            $"{type.Type} is not kept: add a DynamicDependency to ModelTypes."));
    }
}
